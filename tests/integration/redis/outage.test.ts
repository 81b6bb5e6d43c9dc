import type { CacheOptions } from 'aurora-cache';
import { Redis } from 'ioredis';

import { CacheProcess, stopProcesses } from '../../support/redis/cache-process.js';
import { Proxy } from '../../support/redis/proxy.js';
import { freePort, RedisServer, stopServers, until } from '../../support/redis/server.js';
import { Watched } from '../../support/redis/watched.js';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Data survives a SIGKILL: otherwise an empty Redis would hide lost invalidations. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
const STORE_TIMEOUT_MS = 500;
/** At least; it goes on until enough calls were made. */
const OUTAGE_MS = 3000;
/** Calls of each phase that are looked at, however long they take on this machine. */
const LEAST_CALLS = 1000;
/** The longest that any of them may take. */
const PHASE_MS = 30_000;
/** Longer than any operation may take. */
const LONG_MS = 60_000;
/** A caller that waits for a lease, or for the rest of one, waits longer than this. */
const LONG_LEASE = { lease: '60s' } as const;
const FAR_BELOW_LONG_LEASE_MS = 20_000;

/** Of a server that is too slow. */
const ROUND_TRIP_MS = 1800;

const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(async () => {
  stopProcesses();
  await stopServers();
});

describe.each<
  [string, (s: RedisServer) => Promise<void> | void, (s: RedisServer) => Promise<void>]
>([
  ['killed and restarted', (server) => server.kill(), (server) => server.up()],
  [
    'stopped and continued',
    (server) => {
      server.freeze();
    },
    async (server) => {
      server.thaw();
      await Promise.resolve();
    },
  ],
])('Redis is %s under 200 concurrent callers', (what, goDown, comeBack) => {
  let server: RedisServer;
  let one: CacheProcess;
  let two: CacheProcess;
  const TIERS: Readonly<Record<string, CacheOptions>> = { both: {}, alone: { memory: false } };
  const names = Object.keys(TIERS);

  beforeAll(async () => {
    [server, one, two] = await Promise.all([
      RedisServer.start(DURABLE),
      CacheProcess.start(),
      CacheProcess.start(),
    ]);
    for (const process of [one, two]) {
      for (const [name, options] of Object.entries(TIERS)) {
        // A namespace each: the two kinds of cache shall not help each other.
        await process.do('open', name, { ...options, redisUrl: server.url, namespace: name });
      }
    }
  });

  afterAll(async () => {
    one.kill();
    two.kill();
    await server.stop();
  });

  const all = <T>(run: (process: CacheProcess, name: string) => Promise<T>): Promise<T[]> =>
    Promise.all([one, two].flatMap((process) => names.map((name) => run(process, name))));

  it('no caller notices, and no entry invalidated meanwhile comes back', async () => {
    const tagged = { tags: ['tag'] };
    for (const name of names) {
      for (const key of ['set', 'deleted', 'pattern:1', 'pattern:2', 'bystander']) {
        await one.do('set', name, key, 'old');
      }
      await one.do('set', name, 'tagged', 'old', tagged);
      for (const key of ['set', 'deleted', 'tagged', 'pattern:1', 'pattern:2', 'bystander']) {
        expect(await two.do('load', name, key, 'unexpected', tagged)).toBe('old');
      }
    }
    const load = { callers: 200, keys: 400, loadMs: 5, pauseMs: 15, ttlMs: 1000 };
    await one.do('startLoad', names, load);
    const called = (): Promise<void> =>
      until(
        'enough calls were made',
        async () => (await one.do('callsSoFar')) > LEAST_CALLS,
        PHASE_MS,
      );
    await called();
    const before = await one.do('reportLoad');
    const calm = await one.do('footprint');

    const downAt = Date.now();
    await goDown(server);
    await until(
      'both caches do without Redis',
      async () => {
        const states = await Promise.all(names.map((name) => one.do('stats', name)));
        return states.every(({ degraded }) => degraded);
      },
      PHASE_MS,
    );
    for (const name of names) {
      await one.do('set', name, 'set', 'new');
      await one.do('delete', name, 'deleted');
      await one.do('invalidateTags', name, 'tag');
      await one.do('clear', name, 'pattern:*');
      expect(await one.do('stats', name)).toMatchObject({ degraded: true, type: 'redis' });
      expect((await one.do('stats', name)).pendingInvalidations).toBeGreaterThanOrEqual(4);
    }
    await wait(downAt + OUTAGE_MS - Date.now());
    await called();
    const outage = await one.do('reportLoad');
    const busy = await one.do('footprint');

    await comeBack(server);
    const backAt = Date.now();
    await until(
      'all are connected again',
      async () =>
        (await all((process, name) => process.do('stats', name))).every(
          ({ degraded, pendingInvalidations }) => !degraded && pendingInvalidations < 10,
        ),
      PHASE_MS,
    );
    const reconnectedMs = Date.now() - backAt;
    await until(
      'the log has been replayed',
      async () =>
        (await all((process, name) => process.do('stats', name))).every(
          ({ pendingInvalidations, breaker }) => pendingInvalidations === 0 && breaker === 'closed',
        ),
      PHASE_MS,
    );
    const recoveredMs = Date.now() - backAt;
    // While the load goes on.
    const seen: Record<string, unknown> = {};
    for (const name of names) {
      for (const key of ['set', 'deleted', 'tagged', 'pattern:1', 'pattern:2']) {
        seen[`${name}: ${key}`] = await two.do('load', name, key, 'new', tagged);
      }
    }
    await called();
    const after = await one.do('stopLoad');
    const reports = await all((process, name) => process.do('reported', name));
    const rest = await one.do('footprint');
    const errors = reports.map((one) => [...(one?.errors ?? [])]);
    const longest = [before, outage, after].map(({ longestMs }) => Math.round(longestMs));
    const grown = Math.round((busy.heap - calm.heap) / 1000);
    console.log(what, JSON.stringify({ longest, reconnectedMs, recoveredMs, grown, errors }));

    expect(new Set(Object.values(seen))).toEqual(new Set(['new']));
    for (const report of [before, outage, after]) {
      expect(report).toMatchObject({ failed: 0, wrong: 0 });
      // Four time-outs are the most that a caller waits; its steps may meet a busy event loop.
      expect(report.longestMs).toBeLessThan(
        4 * STORE_TIMEOUT_MS + load.loadMs + 5 * report.loopDelayMs,
      );
    }
    // Some 8 MB, of code that first runs now: an outage of 25 s adds as much as one of 3 s.
    expect(busy.heap - calm.heap).toBeLessThan(12_000_000);
    // The two caches have two connections each, and no more.
    expect(rest.open['TCPSocketWrap'] ?? 0).toBeLessThanOrEqual(2 * names.length);
    expect(await one.do('rejections')).toEqual([]);
    expect(await two.do('rejections')).toEqual([]);
    for (const one of reports) {
      const states = one?.states.map(({ event }) => event) ?? [];
      // Once, unless the machine is so busy that Redis seems to be away again.
      expect(states.join()).toMatch(/^(?:degraded,recovered(?:,|$))*$/);
      const counts = [...(one?.errors.values() ?? [])];
      expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThan(20);
    }
  }, 120_000);

  it('the processes end on their own when their caches are closed', async () => {
    for (const process of [one, two]) {
      await process.do('close');
      process.leave();
      // One that something holds would never end.
      const late = setTimeout(() => {
        process.kill();
      }, LONG_MS);
      expect(await process.ended).toBe(0);
      clearTimeout(late);
      expect(process.stderr).toBe('');
    }
  });
});

describe.each<[string, CacheOptions]>([
  ['with a memory tier', {}],
  ['without', { memory: false }],
])('%s', (_, tiers) => {
  function open(options: CacheOptions): Watched {
    const one = new Watched({ ...tiers, ...options });
    closing.push(() => one.cache.close());
    return one;
  }

  async function launch(settings: readonly string[] = []): Promise<RedisServer> {
    const server = await RedisServer.start(settings);
    closing.push(() => server.stop());
    return server;
  }

  it('starts without Redis, and uses it as soon as it is there', async () => {
    const port = await freePort();
    // A call that waits for the connection would wait this long.
    const options = { redisUrl: `redis://127.0.0.1:${String(port)}`, storeTimeout: '30s' } as const;
    const [one, two] = [open(options), open(options)];
    const start = performance.now();
    const values = await Promise.all(
      Array.from({ length: 100 }, (_, i) => one.cache.getOrSet(`key ${i}`, () => i)),
    );
    expect(values[99]).toBe(99);
    await one.cache.set('set', 'early');
    await one.cache.delete('deleted');
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(await one.cache.getStats()).toMatchObject({ degraded: true, listening: false });

    const server = await RedisServer.start([], { port });
    closing.push(() => server.stop());
    await Promise.all([one.untilWell(), two.untilWell()]);
    await one.cache.set('key', 'shared');
    expect(await two.cache.get('key')).toBe('shared');
    expect(one.errors.length).toBeLessThan(20);
    expect(two.errors.length).toBeLessThan(3);
  });

  it('lost during the deletion of a pattern: the deletion is completed afterwards', async () => {
    const server = await launch(DURABLE);
    const admin = new Redis(server.url);
    closing.push(() => {
      admin.disconnect();
    });
    // Slow enough that the clear is still under way when its first deletions are seen.
    const proxy = await Proxy.start(server.port);
    closing.push(() => proxy.stop());
    const one = await open({ redisUrl: proxy.url }).untilWell();
    const two = await open({ redisUrl: server.url }).untilWell();
    const fill = 'for i = 1, 20000 do redis.call("SET", ARGV[1] .. i, ARGV[2]) end';
    await one.cache.set('user:1', 'old');
    const text = (await admin.get('aurora:user:1')) ?? '';
    await admin.eval(fill, 0, 'aurora:user:', text);
    await admin.eval(fill, 0, 'aurora:other:', text);
    // Both hear of 40,000 keys first, which takes longer than a time-out on a busy machine.
    await until('it reads', async () => (await two.cache.get('user:1')) === 'old');
    await one.untilWell();
    proxy.delay(10, 'commands');
    const clearing = one.cache.clear('user:*');
    await until('some are gone', async () => (await admin.dbsize()) < 39_500);
    await server.kill();
    const removed = await clearing;
    expect(removed).toBeGreaterThan(0);
    expect(removed).toBeLessThan(20_000);
    expect(await one.cache.getStats()).toMatchObject({ pendingInvalidations: 1, degraded: true });
    expect(await one.cache.get('user:1')).toBeUndefined();
    proxy.delay(0);
    await server.up();
    await one.untilWell();
    await two.untilWell();
    expect(await two.cache.get('user:1')).toBeUndefined();
    const left = new Set<string>();
    for await (const keys of admin.scanStream({ count: 10_000, match: 'aurora:*' })) {
      for (const key of keys as string[]) left.add(key);
    }
    expect(left.size).toBe(20_000);
    expect([...left].filter((key) => !key.startsWith('aurora:other:'))).toEqual([]);
  });

  it('slow, but within the time: nothing is lost', async () => {
    const server = await launch();
    const proxy = await Proxy.start(server.port);
    closing.push(() => proxy.stop());
    const options = { redisUrl: proxy.url, storeTimeout: '10s' } as const;
    const [one, two] = [await open(options).untilWell(), await open(options).untilWell()];
    proxy.delay(50);
    const load = jest.fn(() => 'loaded');
    expect(await one.cache.getOrSet('key', load)).toBe('loaded');
    await until('it is shared', () => two.cache.has('key'));
    expect(await two.cache.getOrSet('key', load)).toBe('loaded');
    expect(load).toHaveBeenCalledTimes(1);
    expect([...one.errors, ...two.errors, ...one.states, ...two.states]).toEqual([]);
  });

  it('a lease whose reply is lost: no caller waits for it', async () => {
    const server = await launch();
    const proxy = await Proxy.start(server.port);
    closing.push(() => proxy.stop());
    const admin = new Redis(server.url);
    closing.push(() => {
      admin.disconnect();
    });
    const one = await open({ redisUrl: proxy.url }).untilWell();
    const two = await open({ redisUrl: server.url }).untilWell();
    // Requests arrive at once, and replies late.
    const lease = '{aurora:key}:lease';
    proxy.delay(100);
    const loading = one.cache.getOrSet('key', () => 1, LONG_LEASE);
    await until('the lease is granted', async () => (await admin.exists(lease)) === 1);
    proxy.drop();
    proxy.delay(0);
    expect(await loading).toBe(1);
    await one.untilWell();
    const start = performance.now();
    await Promise.all([one, two].map(({ cache }) => cache.getOrSet('key', () => 2, LONG_LEASE)));
    expect(performance.now() - start).toBeLessThan(FAR_BELOW_LONG_LEASE_MS);
  });

  it('a lost fill: no caller waits for the rest of its lease', async () => {
    const server = await launch();
    const proxy = await Proxy.start(server.port);
    closing.push(() => proxy.stop());
    const one = await open({ redisUrl: proxy.url }).untilWell();
    const two = await open({ redisUrl: server.url }).untilWell();
    const load = (): number => {
      proxy.pause();
      return 1;
    };
    expect(await one.cache.getOrSet('key', load, LONG_LEASE)).toBe(1);
    await until('the fill has failed', async () => one.errors.length > 0);
    proxy.drop();
    proxy.resume();
    await one.untilWell();
    const start = performance.now();
    await Promise.all([one, two].map(({ cache }) => cache.getOrSet('key', () => 2, LONG_LEASE)));
    expect(performance.now() - start).toBeLessThan(FAR_BELOW_LONG_LEASE_MS);
  });

  it('too slow: callers wait for one storeTimeout at most, and later not at all', async () => {
    const server = await launch();
    const proxy = await Proxy.start(server.port);
    closing.push(() => proxy.stop());
    const one = await open({ redisUrl: proxy.url, storeTimeout: '200ms' }).untilWell();
    await one.cache.set('key', 'old', { ttl: '1h' });
    proxy.delay(ROUND_TRIP_MS / 2);
    const waits: Record<'before' | 'after', number[]> = { before: [], after: [] };
    for (let i = 0; i < 40; i++) {
      const phase = one.states.length === 0 ? 'before' : 'after';
      const start = performance.now();
      expect(await one.cache.getOrSet(`key ${i}`, () => i)).toBe(i);
      waits[phase].push(performance.now() - start);
    }
    // Medians: a busy machine delays single calls.
    expect(Math.min(...waits.before)).toBeGreaterThan(190);
    expect(median(waits.before)).toBeLessThan(ROUND_TRIP_MS / 2);
    expect(median(waits.after)).toBeLessThan(190);
    expect(one.errors.length).toBeLessThan(20);
    await one.cache.set('key', 'new');
    proxy.delay(0);
    await one.untilWell();
    expect(one.states.slice(0, 2)).toEqual(['degraded', 'recovered']);
    const two = await open({ redisUrl: server.url }).untilWell();
    expect(await two.cache.getOrSet('key', () => 'new')).toBe('new');
  });
});
