import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { RedisServer } from '../support/redis/server.js';
import { CoherenceChecker } from './checker.js';
import { sideBySide, type Loss } from './lost-state.js';
import { expectSound, faultsOf, type Outcome } from './outcome.js';
import { DURATION_MS, type Changes } from './plans.js';

let checker: CoherenceChecker;
let folder: string;
let server: RedisServer;
let admin: Redis;

// On a busy machine what has to be checked takes its time.
jest.setTimeout(120_000 + 4 * DURATION_MS);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-coherence-'));
  [checker, server] = await Promise.all([
    CoherenceChecker.start(),
    RedisServer.start(['--dir', folder]),
  ]);
  admin = new Redis(server.url, { retryStrategy: () => 25 });
  admin.on('error', () => undefined);
});

afterAll(async () => {
  (admin as Redis | undefined)?.disconnect();
  await (checker as CoherenceChecker | undefined)?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** All that the server has saved is all that it has afterwards. */
const crash: Loss = {
  prepare: async () => {
    await admin.save();
  },
  strike: async () => {
    await server.kill();
    return undefined;
  },
  recover: () => server.up(),
};

describe('When Redis restarts from a snapshot that is older than acknowledged writes', () => {
  const run = (
    title: string,
    broken: string,
    runs: Readonly<Record<string, Changes>>,
    isBounded: boolean,
  ): Promise<Record<string, Outcome>> => {
    const target = { redisUrl: server.url };
    const all = Object.entries(runs).map(([name, one]) => [name, { target, ...one }] as const);
    const settings = { checker, title, loss: crash, broken, isBounded };
    return sideBySide({ ...settings, runs: Object.fromEntries(all) });
  };

  it('an invalidation is in force again once its author has repeated it, or it is noticed', async () => {
    const { broken, without, tracking, pubsub } = await run(
      'snapshot',
      'broken',
      {
        without: { memory: false },
        tracking: {},
        pubsub: { bus: 'pubsub' },
        broken: { memory: false, sabotage: 'no journal' },
      },
      false,
    );
    expectSound(without!, false);
    expectSound(tracking!, true);
    expectSound(pubsub!, true);
    expect(faultsOf(broken!, false)).not.toEqual([]);
  });

  it('a floor stands in for what the journal does not reach, or it is noticed', async () => {
    // Each process has more invalidations to repeat than it has kept.
    const short: Changes = { journalCapacity: 2, subjects: 8 };
    const { broken, without, tracking } = await run(
      'short journal',
      'broken',
      {
        without: { ...short, memory: false },
        tracking: { ...short },
        broken: { ...short, memory: false, sabotage: 'no floor' },
      },
      // The floor is a message: without it, entries of Redis are as old as those of a memory.
      true,
    );
    for (const outcome of [without!, tracking!]) expectSound(outcome, true);
    expect(faultsOf(broken!, true)).toContain('stale');
    const floors = await Promise.all(
      (await admin.keys('*#tags')).map((name) => admin.hget(name, 'floor')),
    );
    // In both runs that have their protection.
    expect(floors.filter((floor) => floor !== null)).toHaveLength(2);
  });
});
