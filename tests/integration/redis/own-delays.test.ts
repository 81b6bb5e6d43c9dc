import { CacheManager, type CacheOptions } from 'aurora-cache';
import type { Redis } from 'ioredis';

import { closedAfterEach } from '../../support/closing.js';
import { Proxy } from '../../support/redis/proxy.js';
import { type RedisServer, until } from '../../support/redis/server.js';
import { shareServer } from '../../support/redis/shared-server.js';

let server: RedisServer;
let admin: Redis;
shareServer((shared) => ({ server, admin } = shared));
const closing = closedAfterEach();

function create(options: CacheOptions) {
  const cache = new CacheManager({
    redisUrl: server.url,
    namespace: 'delays',
    memory: false,
    ...options,
  });
  const errors: unknown[] = [];
  cache.on('error', ({ error }) => errors.push(error));
  closing.push(() => cache.close());
  return { cache, errors };
}

async function open(options: CacheOptions) {
  const { cache, errors } = create(options);
  await cache.set('first', 1);
  await cache.get('first');
  return { cache, errors };
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const turn = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('an event loop that is blocked for longer than storeTimeout', () => {
  const load = jest.fn(() => 0);

  /** Writes keys of a round and reads those of the one before, while the loop is blocked. */
  async function round(cache: CacheManager, number: number, blockMs: number): Promise<string[]> {
    const keys = Array.from({ length: 50 }, (_, i) => `key:${number}:${i}`);
    const calls: Promise<unknown>[] = keys.map((key, i) => cache.set(key, i));
    for (let i = 0; number > 0 && i < keys.length; i++) {
      calls.push(cache.getOrSet(`key:${number - 1}:${i}`, load));
    }
    // The commands leave, and then a request takes all there is before a reply can be read.
    await new Promise((resolve) => setImmediate(resolve));
    block(blockMs);
    await Promise.all(calls);
    return keys;
  }

  it('opens no breaker, loads nothing that Redis has, and loses no write', async () => {
    const patient = await open({ storeTimeout: '1m' });
    const start = performance.now();
    for (let i = 0; i < 3; i++) await round(patient.cache, i, 0);
    // Far above what the commands themselves take on this machine.
    const timeoutMs = Math.max(1000, Math.ceil((performance.now() - start) * 4));
    await admin.flushall();
    const { cache, errors } = await open({ storeTimeout: `${timeoutMs}ms` });
    load.mockClear();
    const written: string[] = [];
    for (let i = 0; i < 6; i++) written.push(...(await round(cache, i, timeoutMs * 1.6)));
    expect(load).not.toHaveBeenCalled();
    expect(errors).toEqual([]);
    expect(await admin.exists(...written.map((key) => `delays:${key}`))).toBe(written.length);
    expect(await cache.getStats()).toMatchObject({ degraded: false, pendingInvalidations: 0 });
  });
});

it('an event loop that is blocked while the bus is opened is no failure of Redis', async () => {
  const proxy = await Proxy.start(server.port);
  closing.push(() => proxy.stop());
  const { cache, errors } = create({ redisUrl: proxy.url, storeTimeout: '1m' });
  // Of the connection that listens, whose commands the proxy now holds with the loop.
  while (proxy.accepted < 2) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    block(1200);
  }
  await until('it listens', async () => (await cache.getStats()).listening);
  expect(errors).toEqual([]);
});

describe('a Redis that hangs under 4,000 calls a second', () => {
  const TIMEOUT_MS = 250;

  it.each([undefined, false] as const)(
    'keeps no caller longer than four time-outs, breaker %s',
    async (breaker) => {
      const options = breaker === undefined ? {} : { breaker };
      const { cache } = await open({ storeTimeout: `${TIMEOUT_MS}ms`, ...options });
      server.freeze();
      let longestMs = 0;
      let isOver = false;
      // How late this machine's timers are in all, from one of a chain to the next, what runs between
      // them included: no Redis can be blamed for that. They count in milliseconds, so that a timer of
      // 1 ms may take 2; longer ones would hide what blocks the event loop before they are due.
      const lateness = (async () => {
        let lagMs = 0;
        for (let last = performance.now(); !isOver;) {
          await turn(1);
          const now = performance.now();
          lagMs += Math.max(0, now - last - 2);
          last = now;
        }
        return lagMs;
      })();
      const calls: Promise<void>[] = [];
      try {
        for (let tick = 1; tick <= 100; tick++) {
          for (let i = 0; i < 40; i++) {
            const askedAt = performance.now();
            const call = cache.getOrSet(`hung:${tick}:${i}`, () => i);
            calls.push(
              call.then(() => {
                longestMs = Math.max(longestMs, performance.now() - askedAt);
              }),
            );
          }
          await turn(10);
        }
        await Promise.all(calls);
      } finally {
        isOver = true;
        server.thaw();
      }
      expect(longestMs).toBeLessThan(4 * TIMEOUT_MS + (await lateness) + 100);
    },
  );
});

describe('patterns', () => {
  it('that are cleared at the same time share one pass, and each counts its own', async () => {
    const { cache } = await open({});
    await admin.eval("for i = 1, 20000 do redis.call('SET', 'foreign:' .. i, 1) end", 0);
    const keys = Array.from({ length: 200 }, (_, i) => `user:${i % 20}:${i}`);
    await cache.setMany(keys.map((key) => ({ key, value: 1 })));
    await cache.set('user:3:old', 1, { ttl: 0.001, grace: '1h' });
    const scans = async (): Promise<number> =>
      Number(/cmdstat_scan:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
    const before = await scans();
    await cache.clear('nothing:*');
    const one = (await scans()) - before;
    const counts = await Promise.all(
      Array.from({ length: 10 }, (_, i) => cache.clear(`user:${i}:*`)),
    );
    expect(counts).toEqual(Array.from({ length: 10 }, () => 10));
    expect((await scans()) - before - one).toBeLessThanOrEqual(one + 2);
    expect(await cache.clear('user:*')).toBe(100);
  }, 60_000);
});

describe('an entry that lives only in its grace', () => {
  it.each([{ memory: false }, {}] as const)('counts as not there: %j', async (options) => {
    const { cache } = await open(options);
    const life = { ttl: 0.001, grace: '1h' } as const;
    await cache.set('stale:1', 1, life);
    await cache.set('stale:2', 1, life);
    await cache.set('stale:3', 1, life);
    await turn(5);
    expect(await cache.delete('stale:1')).toBe(false);
    expect(await cache.deleteMany(['stale:2'])).toBe(0);
    expect(await cache.clear('stale:*')).toBe(0);
    expect(await admin.keys('delays:stale:*')).toEqual([]);
  });
});
