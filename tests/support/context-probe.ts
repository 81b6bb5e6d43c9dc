/**
 * Runs requests, each in its own `AsyncLocalStorage` context, through every part of the package
 * that keeps something, and counts the contexts that are still reachable afterwards, while the caches
 * are in use. Runs in a separate process, under `--expose-gc`; prints JSON.
 *
 *     node --expose-gc --import tsx tests/support/context-probe.ts [redis url]
 */
import { AsyncLocalStorage } from 'node:async_hooks';

import { cached, CacheManager, getCache, memoized, MemoryStore } from 'aurora-cache';
import { FaultStore } from 'aurora-cache/testing';

interface Request {
  readonly id: number;
  readonly body: Uint8Array;
}

/** The result of the probe; see the test. */
export interface ProbeReport {
  /** Contexts that are still reachable, by scenario. */
  readonly reachable: Readonly<Record<string, number>>;
  /** The request in whose context something ran, by what it was; `null` for none. */
  readonly contexts: Readonly<Record<string, (number | null)[]>>;
}

const REQUESTS = 30;
const gc = (globalThis as { gc?: () => void }).gc as () => void;
const storage = new AsyncLocalStorage<Request>();
const [, , url = ''] = process.argv;

// The package's timers hold no process open.
setInterval(() => undefined, 60_000);

let requests: WeakRef<Request>[] = [];

const pause = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const present = (): number | null => storage.getStore()?.id ?? null;

/** Runs something as a request. */
async function request<T>(run: (id: number) => T, id = requests.length): Promise<void> {
  const store: Request = { id, body: new Uint8Array(1000) };
  requests.push(new WeakRef(store));
  await storage.run(store, async () => {
    await run(id);
  });
}

async function many(run: (id: number) => unknown): Promise<void> {
  for (let id = 0; id < REQUESTS; id++) await request(run, id);
}

async function reachable(): Promise<number> {
  let left = requests.length;
  // Weak references are cleared, and handles closed, over several turns.
  for (let round = 0; round < 2000 && left > 0; round++) {
    await pause(5);
    gc();
    left = requests.filter((each) => each.deref() !== undefined).length;
  }
  return left;
}

/** Waits for a condition, for as long as the machine needs; the test has a time-out. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(2);
}

const never = new Promise<never>(() => undefined);
const load = async (id: number): Promise<{ id: number }> => {
  await pause();
  return { id };
};

/** By name: what to do, and what a service keeps of it; ended when the contexts have been counted. */
const scenarios: Record<string, () => Promise<readonly unknown[]>> = {
  async 'first hits of entries'() {
    const cache = new CacheManager({ defaultTtl: '1h' });
    const get = cached(load, { name: 'get', cache });
    await many(async (id) => {
      await get(id);
      await get(id);
    });
    for (let id = 0; id < REQUESTS; id++) await get(id);
    return [cache, get];
  },

  async 'getOrSet, get and set'() {
    const cache = new CacheManager({ defaultTtl: '1h', grace: '1h' });
    await many(async (id) => {
      await cache.getOrSet(`loaded${String(id)}`, () => load(id));
      await cache.getOrSet(`loaded${String(id)}`, () => load(id));
      await cache.set(`set${String(id)}`, id, { tags: ['tag'] });
      await cache.get(`set${String(id)}`);
      await cache.delete(`loaded${String(id)}`);
    });
    return [cache];
  },

  async 'memoized values'() {
    const cache = new CacheManager();
    const square = memoized((id: number) => ({ id }), { name: 'square', cache });
    await many((id) => [square(id), square(id)]);
    return [cache, square];
  },

  async 'a separate store'() {
    const store = new MemoryStore({ maxItems: 10 });
    await many(async (id) => {
      await store.set(String(id), id, 3_600_000);
      await store.get(String(id));
    });
    return [store];
  },

  async 'the default cache, made in a request'() {
    process.env['REDIS_URL'] = url;
    const get = cached(load, { name: 'lazy', keyPrefix: 'lazy' });
    await many(async (id) => {
      await get(id);
      await get(id);
    });
    return [getCache(), get];
  },

  async 'caches made in requests'() {
    const caches: CacheManager[] = [];
    await many(async (id) => {
      const cache = new CacheManager({ store: new FaultStore(), namespace: `n${String(id)}` });
      caches.push(cache);
      await cache.getOrSet('key', () => load(id), { refreshAhead: 0.9 });
      await cache.getOrSet('key', () => load(id), { refreshAhead: 0.9 });
    });
    return caches;
  },

  async 'callers that were served stale while a load hangs'() {
    const cache = new CacheManager({ defaultTtl: 0.01, grace: '1h', softTimeout: 0.005 });
    let hangs = false;
    const get = cached((id: number) => (hangs ? never : load(id)), { name: 'get', cache });
    await get(1);
    await pause(20);
    hangs = true;
    void get(1);
    await many(() => get(1));
    await Promise.all(Array.from({ length: REQUESTS }, () => request(() => get(1))));
    return [cache, get];
  },

  async warming() {
    const cache = new CacheManager();
    await many(async (id) => {
      const entries = [1, 2, 3].map((i) => ({
        key: `warm:${String(id)}:${String(i)}`,
        loader: () => load(id),
      }));
      await cache.warm(entries, { concurrency: 2 });
      await cache.get(`warm:${String(id)}:1`);
    });
    return [cache];
  },

  async 'a store that is given up, and probed'() {
    const store = new FaultStore();
    const breaker = { failures: 2, probeAfter: 0.02, maxProbeDelay: 0.02 };
    const cache = new CacheManager({ store, breaker, storeTimeout: 0.02, memory: false });
    cache.on('error', () => undefined);
    store.inject({ error: new Error('down') });
    await many(async (id) => {
      await cache.set(String(id), id);
      await cache.delete(`other${String(id)}`);
      await cache.get(String(id));
    });
    return [cache, store];
  },

  async 'Redis: a cache made in a request'() {
    const caches: CacheManager[] = [];
    await many(async (id) => {
      const cache = (caches[id % 3] ??= new CacheManager({
        redisUrl: url,
        namespace: `probe${String(id % 3)}`,
        bus: id % 3 === 1 ? 'pubsub' : 'tracking',
      }));
      const get = cached(load, { name: `get${String(id)}`, keyPrefix: 'r', cache });
      await get(id);
      await get(id);
      await cache.set(`set${String(id)}`, id, { tags: [`tag${String(id)}`] });
      await cache.get(`set${String(id)}`);
      await cache.getMany(['set1', 'set2', `none${String(id)}`]);
      if (id % 7 === 0) await cache.clear('set1*');
      await cache.invalidateTags(`tag${String(id)}`);
      await cache.delete(`set${String(id)}`);
      await cache.getStats();
    });
    // The bus and its probes are at work by now.
    for (const cache of caches) await cache.get('set2');
    return caches;
  },

  async 'Redis: invalidations by a cache that is off'() {
    const cache = new CacheManager({ redisUrl: url, namespace: 'off', enabled: false });
    await many((id) => cache.delete(String(id)));
    return [cache];
  },

  async 'Redis: callers that wait for the lease of another process'() {
    const options = { redisUrl: url, namespace: 'lease', lease: 0.1 } as const;
    const [other, cache] = [new CacheManager(options), new CacheManager(options)];
    const ids = Array.from({ length: REQUESTS }, (_, id) => id);
    let loads = 0;
    for (const id of ids) void other.getOrSet(`key${String(id)}`, () => (loads++, never));
    await until(() => loads === REQUESTS);
    const call = (id: number): Promise<unknown> =>
      cache.getOrSet(`key${String(id)}`, () => load(id));
    await Promise.all(ids.map((id) => request(call, id)));
    return [other, cache];
  },

  async 'Redis: a connection that is lost, and made again'() {
    const cache = new CacheManager({ redisUrl: url, namespace: 'lost' });
    cache.on('error', () => undefined);
    await cache.set('key', 1);
    const admin = new CacheManager({ redisUrl: url, namespace: 'admin' });
    await many(async (id) => {
      await cache.set(String(id), id);
      if (id % 10 === 0) await killConnections();
      await cache.delete(String(id));
      await cache.getOrSet(`loaded${String(id)}`, () => load(id));
    });
    return [cache, admin];
  },
};

async function killConnections(): Promise<void> {
  const { Redis } = await import('ioredis');
  const client = new Redis(url, { retryStrategy: () => null });
  client.on('error', () => undefined);
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  client.disconnect();
}

/** Where listeners and loaders run. */
async function contexts(): Promise<ProbeReport['contexts']> {
  const found: Record<string, (number | null)[]> = {};
  const note = (what: string): void => {
    (found[what] ??= []).push(present());
  };
  const store = new FaultStore();
  const cache = new CacheManager({
    store,
    maxMemoryItems: 1,
    breaker: { failures: 1, probeAfter: 0.01 },
    defaultTtl: '1h',
  });
  const events = ['hit', 'miss', 'load', 'loadError', 'evict', 'degraded', 'recovered'] as const;
  for (const event of events) {
    cache.on(event, () => {
      note(event);
    });
  }
  await request(async () => {
    await cache.getOrSet('a', () => (note('loader'), load(1)));
    await cache.get('a');
    await cache.getOrSet('b', () => Promise.reject(new Error('none'))).catch(() => undefined);
    await cache.set('c', 1);
    store.inject({ error: new Error('down') });
    await cache.getOrSet('d', () => load(1));
    store.heal();
    await until(() => found['recovered'] !== undefined);
  }, 1);
  await cache.close();

  const local = new CacheManager({ defaultTtl: 0.02, grace: '1h', softTimeout: 0.005 });
  local.on('stale', () => {
    note('stale');
  });
  const options = { refreshAhead: 0.9, softTimeout: '1h', ttl: '1h' } as const;
  await local.getOrSet('old', () => load(1));
  await local.getOrSet('ahead', () => load(1), { ...options, ttl: 1 });
  await pause(200);
  await request(async () => {
    await local.getOrSet(
      'old',
      ({ signal }) => {
        signal.addEventListener('abort', () => {
          note('abort of a load');
        });
        return never;
      },
      { hardTimeout: 0.03 },
    );
    await until(() => found['abort of a load'] !== undefined);
    await local.getOrSet('ahead', () => (note('refresh ahead'), load(1)), { ...options, ttl: 1 });
    await until(() => found['refresh ahead'] !== undefined);
  }, 2);
  await local.close();
  return found;
}

const report: Record<string, number> = {};
for (const [name, run] of Object.entries(scenarios)) {
  if (name.startsWith('Redis') && url === '') continue;
  requests = [];
  const kept = await run();
  report[name] = await reachable();
  for (const one of kept) if (one instanceof CacheManager) await one.close();
}
requests = [];
const result: ProbeReport = { reachable: report, contexts: await contexts() };
console.log(JSON.stringify(result));
process.exit();
