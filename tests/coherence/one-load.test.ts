import { setTimeout as pause } from 'node:timers/promises';

import { CacheManager } from 'aurora-cache';
import { Redis } from 'ioredis';

import { RedisServer, stopServers } from '../support/redis/server.js';
import { Database } from './database.js';
import { Member, startFleet } from './fleet.js';
import type { HerdReport, HerdSpec } from './protocol.js';

const PROCESSES = 8;
const CALLS = 500;
/** For processes that share a few cores to get their turn. */
const SLACK_MS = 1500;
/** Steps of a call that may each meet a busy event loop. */
const STEPS = 5;
/** For leases that no caller waits for. */
const LONG_LEASE_MS = 60_000;

let redis: RedisServer;
let fleet: Member[];
let herds = 0;

beforeAll(async () => {
  [redis, fleet] = await Promise.all([RedisServer.start(), startFleet(PROCESSES)]);
});

afterAll(async () => {
  await Promise.all(((fleet as Member[] | undefined) ?? []).map((member) => member.kill()));
  await stopServers();
});

function specOf(changes: Partial<HerdSpec>): HerdSpec {
  return {
    ...{ redisUrl: redis.url, databaseUrl: `${redis.url}/1`, namespace: `herd${++herds}` },
    ...{ memory: true, key: 'key', calls: CALLS, leaseMs: 1000, loadMs: 200 },
    ...{ leastRenewals: 0, firstHangs: false },
    ...changes,
  };
}

/** How often the loader ran, in all processes. */
async function loadsOf({ databaseUrl, namespace, key }: HerdSpec): Promise<number> {
  const database = new Database(databaseUrl, namespace);
  try {
    return await database.read(key);
  } finally {
    database.close();
  }
}

/** How much later than planned a call may return on this machine. */
function slackOf(reports: readonly HerdReport[]): number {
  return SLACK_MS + STEPS * Math.max(...reports.map(({ loopDelayMs }) => loopDelayMs));
}

function tell(what: string, spec: HerdSpec, loads: number, reports: readonly HerdReport[]): void {
  const slowest = Math.max(...reports.map(({ slowestMs }) => slowestMs));
  const calls = reports.length * spec.calls;
  const figures = `${calls} calls, ${loads} loads, slowest ${Math.round(slowest)} ms`;
  process.stdout.write(`one load: ${what}: ${figures}\n`);
}

/** Which process runs the first load, as soon as it does. */
async function loading(members: readonly Member[]): Promise<Member> {
  return await new Promise((resolve) => {
    for (const member of members) {
      member.onLoading = () => {
        resolve(member);
      };
    }
  });
}

describe.each([true, false])('With memory: %s', (memory) => {
  it('eight processes with 500 calls each of one cold key run one load', async () => {
    const spec = specOf({ memory, leaseMs: LONG_LEASE_MS });
    const reports = await Promise.all(fleet.map((member) => member.ask('herd', { spec })));
    const loads = await loadsOf(spec);
    tell('a cold key', spec, loads, reports);
    expect(loads).toBe(1);
    for (const report of reports) {
      expect(report).toMatchObject({ answers: [1], stored: 1 });
      expect(report.slowestMs).toBeLessThan(LONG_LEASE_MS / 2);
    }
  });

  it('when the process dies that loads, one other loads after the lease', async () => {
    const spec = specOf({ memory, leaseMs: 3000, loadMs: 1500 });
    const found = loading(fleet);
    const asked = fleet.map((member) => ({ member, report: member.ask('herd', { spec }) }));
    for (const { report } of asked) report.catch(() => undefined);
    const victim = await found;
    await pause(50);
    await victim.kill();
    const others = asked.filter(({ member }) => member !== victim);
    const reports = await Promise.all(others.map(({ report }) => report));
    const loads = await loadsOf(spec);
    tell('killed while it loads', spec, loads, reports);
    fleet = [...others.map(({ member }) => member), await Member.start()];
    expect(loads).toBe(2);
    for (const report of reports) {
      expect(report).toMatchObject({ answers: [2], stored: 2 });
      expect(report.slowestMs).toBeLessThan(spec.leaseMs + spec.loadMs + slackOf(reports));
    }
  });

  it('when a load never ends, the others go on after one lease', async () => {
    const spec = specOf({ memory, firstHangs: true, leaseMs: 2500 });
    const found = loading(fleet);
    const reports = await Promise.all(fleet.map((member) => member.ask('herd', { spec })));
    const hung = await found;
    const loads = await loadsOf(spec);
    tell('a load that never ends', spec, loads, reports);
    // It has one call that waits for ever.
    await hung.kill();
    fleet = [...fleet.filter((member) => member !== hung), await Member.start()];
    // Once per process: without messages, no process can trust the result of another.
    expect(loads).toBeLessThanOrEqual(1 + PROCESSES);
    for (const report of reports) {
      expect(report.answers).toHaveLength(1);
      expect(report.stored).toBeUndefined();
      expect(report.slowestMs).toBeGreaterThan(spec.leaseMs - 100);
      expect(report.slowestMs).toBeLessThan(spec.leaseMs + spec.loadMs + slackOf(reports));
    }
  });

  it('a load of three leases keeps its lease, and is stored', async () => {
    const spec = specOf({ memory, calls: 1, leaseMs: 2000, loadMs: 0, leastRenewals: 7 });
    const [first, second] = fleet as [Member, Member];
    const found = loading([first]);
    const loaded = first.ask('herd', { spec });
    await found;
    // In its third term, with less than a lease to wait.
    await pause(2.3 * spec.leaseMs);
    const reports = await Promise.all([loaded, second.ask('herd', { spec })]);
    const loads = await loadsOf(spec);
    tell('a load of three leases', spec, loads, reports);
    expect(loads).toBe(1);
    expect(reports[0]).toMatchObject({ answers: [1], stored: 1 });
    expect(reports[1]).toMatchObject({ answers: [1], stored: 1 });
    expect(reports[1].slowestMs).toBeLessThan(spec.leaseMs + slackOf(reports));
  });
});

it('no caller waits for a second lease because messages were lost during the first', async () => {
  const leaseMs = 3000;
  const settings = { redisUrl: redis.url, namespace: 'reset', lease: `${leaseMs}ms` } as const;
  const cache = new CacheManager(settings);
  const admin = new Redis(redis.url);
  try {
    await cache.get('warm-up');
    const start = performance.now();
    const started = new Promise<void>((resolve) => {
      const hang = async (): Promise<number> => {
        resolve();
        return await new Promise(() => undefined);
      };
      void cache.getOrSet('key', hang);
    });
    await started;
    const joined = cache.getOrSet('key', () => 2);
    // No caller joins a load that began before the reconnection.
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    expect(await joined).toBe(2);
    expect(performance.now() - start).toBeGreaterThan(leaseMs - 100);
    expect(performance.now() - start).toBeLessThan(2 * leaseMs);
  } finally {
    admin.disconnect();
    await cache.close();
  }
});
