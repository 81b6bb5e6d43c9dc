import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { CacheOptions } from 'aurora-cache';
import { Redis } from 'ioredis';

import { closedAfterEach } from '../../support/closing.js';
import { RedisServer, stopServers, until } from '../../support/redis/server.js';
import { Watched } from '../../support/redis/watched.js';

const KEYS = Array.from({ length: 20 }, (_, i) => `key ${i}`);
const ROUNDS = 15;
const PAUSE_MS = 10;

const closing = closedAfterEach();
const warnings: string[] = [];
const onWarning = ({ name }: Error): void => void warnings.push(name);

beforeAll(() => {
  process.on('warning', onWarning);
});

afterAll(async () => {
  process.off('warning', onWarning);
  await stopServers();
});

function adminOf(server: RedisServer): Redis {
  const admin = new Redis(server.url);
  closing.push(() => {
    admin.disconnect();
  });
  return admin;
}

async function open(options: CacheOptions): Promise<Watched> {
  const one = new Watched(options);
  closing.push(() => one.cache.close());
  return await one.untilWell();
}

async function acceptedBy(admin: Redis): Promise<number> {
  return Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1]);
}

/** Reads what is there, beside writes that the server refuses; how many reads had to load. */
async function loadsBesideRefusedWrites({ cache }: Watched, round: number): Promise<number> {
  let loads = 0;
  await Promise.all([
    ...KEYS.map((key) =>
      cache.getOrSet(key, () => {
        loads++;
        return key;
      }),
    ),
    ...KEYS.map((key) => cache.set(`refused ${key}`, round)),
    cache.delete(`refused ${round}`),
    cache.getOrSet(`cold ${round}`, () => round),
  ]);
  return loads;
}

describe.each<[string, CacheOptions]>([
  ['with a memory tier', {}],
  ['without', { memory: false }],
])('%s', (_, tiers) => {
  it('READONLY: reads go on, and connecting again backs off', async () => {
    const primary = await RedisServer.start();
    const replica = await RedisServer.start(['--replicaof', '127.0.0.1', `${primary.port}`]);
    const admin = adminOf(replica);
    const writer = await open({ redisUrl: primary.url, ...tiers });
    for (const key of KEYS) await writer.cache.set(key, key);
    // A busy machine must not be taken for a hung server.
    const reader = new Watched({ redisUrl: replica.url, storeTimeout: '10s', ...tiers });
    closing.push(() => reader.cache.close());
    await until('the replica is in step', async () => {
      return (await reader.cache.getMany(KEYS)).size === KEYS.length;
    });
    await reader.untilWell();
    const before = await acceptedBy(admin);
    const start = performance.now();
    const connection = async (): Promise<number | undefined> =>
      (await reader.cache.getStats()).degraded ? undefined : await acceptedBy(admin);
    let undisturbed = 0;
    for (let round = 0; undisturbed < ROUNDS; round++) {
      const first = await connection();
      const loads = await loadsBesideRefusedWrites(reader, round);
      // A round during which it connects again may load what it cannot read meanwhile.
      if (first !== undefined && first === (await connection())) {
        undisturbed++;
        expect(loads).toBe(0);
      }
      await pause(PAUSE_MS);
    }
    const seconds = (performance.now() - start) / 1000;
    await until('it is connected', async () => !(await reader.cache.getStats()).degraded);
    expect(await reader.cache.getStats()).toMatchObject({ degraded: false, breaker: 'closed' });
    // One at once, then after 1, 2, 4 … seconds.
    const reconnects = (await acceptedBy(admin)) - before;
    expect(reconnects).toBeLessThanOrEqual(2 + Math.log2(1 + seconds));
    expect(reader.errors.length).toBeLessThan(10 + 5 * reconnects);
    expect(reader.errors).toContain('The store failed on set.');
    expect(warnings).not.toContain('MaxListenersExceededWarning');
    // Promoted: the refused writes are replayed.
    await admin.call('REPLICAOF', 'NO', 'ONE');
    await reader.untilWell();
  });

  it('MISCONF: reads go on, on the same connection', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aurora-misconf-'));
    const server = await RedisServer.start(['--dir', folder, '--save', '3600 1']);
    const admin = adminOf(server);
    const one = await open({ redisUrl: server.url, storeTimeout: '10s', ...tiers });
    for (const key of KEYS) await one.cache.set(key, key);
    rmSync(folder, { recursive: true });
    await until('the server refuses writes', async () => {
      await admin.bgsave().catch(() => undefined);
      return /rdb_last_bgsave_status:err/.test(await admin.info('persistence'));
    });
    const before = await acceptedBy(admin);
    for (let round = 0; round < ROUNDS; round++) {
      expect(await loadsBesideRefusedWrites(one, round)).toBe(0);
      await pause(PAUSE_MS);
    }
    expect(await acceptedBy(admin)).toBe(before);
    expect(await one.cache.getStats()).toMatchObject({ degraded: false, breaker: 'closed' });
    expect(one.errors.length).toBeLessThan(20);
    expect(one.errors).toContain('The store failed on set.');
    await admin.config('SET', 'save', '');
    await one.untilWell();
  });
});
