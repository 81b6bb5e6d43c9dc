import { CacheEvict, CacheManager, type CacheOptions } from 'aurora-cache';
import { Redis } from 'ioredis';

import { DISPATCH } from '../../../src/base/options/defaults.js';
import { closedAfterEach } from '../../support/closing.js';
import { Proxy } from '../../support/redis/proxy.js';
import { RedisServer, until } from '../../support/redis/server.js';
import { shareServer } from '../../support/redis/shared-server.js';

const MANY = 20_000;
const keysOf = (prefix: string, count = MANY): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}:${i}`);

let server: RedisServer;
let admin: Redis;
shareServer((shared) => ({ server, admin } = shared));
const closing = closedAfterEach();

function open(options: CacheOptions = {}) {
  const cache = new CacheManager({
    redisUrl: server.url,
    namespace: 'bulk',
    defaultTtl: '1h',
    // A machine under load is not what is tested here.
    storeTimeout: '5s',
    maxMemoryItems: 50_000,
    ...options,
  });
  const errors: unknown[] = [];
  cache.on('error', ({ error }) => errors.push(error));
  closing.push(() => cache.close());
  return { cache, errors };
}

/** Lets other processes cache pages, and counts their loads. */
async function withPages(count = 100): Promise<() => Promise<number>> {
  const { cache: other } = open();
  for (let i = 0; i < count; i++) await other.set(`page:${i}`, i);
  return async () => {
    let loads = 0;
    const load = (): number => ++loads;
    await Promise.all(keysOf('page', count).map((key) => other.getOrSet(key, load)));
    return loads;
  };
}

/**
 * A cache on a link so slow that all of `act` takes half as long again as `storeTimeout` on it, and a
 * chunk of it a small part of that.
 *
 * @param act - A call on {@link MANY} keys; done once at full speed, to see what it costs here.
 */
async function openSlow(act: (cache: CacheManager) => Promise<unknown>, options: CacheOptions) {
  const proxy = await Proxy.start(server.port);
  closing.push(() => proxy.stop());
  const { cache: quick } = open({ ...options, redisUrl: proxy.url, storeTimeout: '1m' });
  await quick.get('connected');
  const sentBefore = proxy.sent;
  const start = performance.now();
  await act(quick);
  const timeoutMs = Math.max(1500, Math.ceil((performance.now() - start) / 4));
  proxy.throttle((proxy.sent - sentBefore) / (1.5 * timeoutMs));
  await quick.close();
  const opened = open({ ...options, redisUrl: proxy.url, storeTimeout: `${timeoutMs}ms` });
  await opened.cache.get('connected');
  return opened;
}

describe('all of a call takes longer than storeTimeout, and none of its commands does:', () => {
  class Rows {
    constructor(readonly cache: CacheManager) {}
    @CacheEvict({ cache: ({ cache }: Rows) => cache, key: () => keysOf('row') })
    update(): Promise<void> {
      return Promise.resolve();
    }
  }
  const store = (cache: CacheManager, count = MANY) =>
    cache.setMany(keysOf('row', count).map((key, i) => ({ key, value: { id: i } })));

  it('setMany stores them all, and touches nothing else', async () => {
    const reloads = await withPages();
    const { cache, errors } = await openSlow(store, {});
    expect(await store(cache)).toEqual({ stored: MANY, failed: [] });
    expect(await admin.dbsize()).toBeGreaterThanOrEqual(MANY + 100);
    const { cache: another } = open({ memory: false });
    const found = await another.getMany<{ id: number }>(keysOf('row'));
    expect(found.size).toBe(MANY);
    expect(found.get('row:19999')).toEqual({ id: 19_999 });
    expect(await reloads()).toBe(0);
    expect(errors).toEqual([]);
    expect(await cache.getStats()).toMatchObject({ degraded: false, pendingInvalidations: 0 });
  });

  it.each<[string, (cache: CacheManager) => Promise<unknown>, unknown]>([
    ['deleteMany', (cache) => cache.deleteMany(keysOf('row')), 1000],
    ['@CacheEvict', (cache) => new Rows(cache).update(), undefined],
  ])('%s removes what it names, and nothing else', async (_, act, outcome) => {
    const reloads = await withPages();
    const { cache, errors } = await openSlow(act, { memory: false });
    await store(open().cache, 1000);
    expect(await act(cache)).toBe(outcome);
    expect((await open().cache.getMany(keysOf('row'))).size).toBe(0);
    expect(await reloads()).toBe(0);
    expect(errors).toEqual([]);
    expect(await cache.getStats()).toMatchObject({ degraded: false, pendingInvalidations: 0 });
  });
});

describe('calls on many keys', () => {
  it('many misses at once are sent bit by bit, loaded once each, and stored', async () => {
    const COUNT = 3 * DISPATCH.maxInFlight;
    const proxy = await Proxy.start(server.port);
    closing.push(() => proxy.stop());
    // On a slow machine they take longer than the usual lease.
    const { cache, errors } = open({ redisUrl: proxy.url, lease: '1m', storeTimeout: '30s' });
    await cache.get('connected');
    const start = proxy.sent;
    await cache.getMany(keysOf('miss', COUNT));
    const before = proxy.sent;
    let loads = 0;
    const load = (): number => ++loads;
    server.freeze();
    closing.push(() => {
      server.thaw();
    });
    const calls = keysOf('miss', COUNT).map((key) => cache.getOrSet(key, load));
    let sent = before;
    await until('no more is sent', async () => {
      const isQuiet = proxy.sent > before && proxy.sent === sent;
      sent = proxy.sent;
      return isQuiet;
    });
    server.thaw();
    expect(new Set(await Promise.all(calls)).size).toBe(COUNT);
    expect(loads).toBe(COUNT);
    await until('all are stored', async () => (await admin.keys('bulk:miss:*')).length === COUNT);
    // Each call reads before it loads, and a third of the reads may be in flight.
    expect(sent - before).toBeLessThan((before - start) / 2);
    expect(errors).toEqual([]);
    expect(await cache.getStats()).toMatchObject({ degraded: false });
  });

  it('what has a lease is stored, when the store cannot keep up with the misses', async () => {
    const proxy = await Proxy.start(server.port);
    closing.push(() => proxy.stop());
    const { cache } = open({
      redisUrl: proxy.url,
      memory: false,
      storeTimeout: '2s',
      lease: '1m',
      breaker: false,
    });
    await cache.set('first', 1);
    const bus = new Redis(server.url);
    closing.push(() => {
      bus.disconnect();
    });
    const kinds: string[] = [];
    bus.on('message', (_, text: string) => kinds.push((JSON.parse(text) as { kind: string }).kind));
    await bus.subscribe('bulk#bus');
    // Each reply takes a while: some of the acquisitions have no time to be sent.
    proxy.delay(120);
    await Promise.all(keysOf('miss').map((key) => cache.getOrSet(key, () => key)));
    proxy.delay(0);
    await until('no lease is held', async () => {
      const { inFlight } = await cache.getStats();
      return inFlight === 0 && (await admin.keys('{bulk:miss:*')).length === 0;
    });
    expect((await admin.keys('bulk:miss:*')).length).toBeGreaterThan(0);
    // A fill that is not sent has its lease released.
    expect(kinds).not.toContain('release');
  });

  it('later writes and removals of the same process win over a setMany under way', async () => {
    const { cache } = open({ memory: false });
    const keys = keysOf('row', 5000);
    const writing = cache.setMany(keys.map((key) => ({ key, value: 'old' })));
    const later = [
      cache.set('row:4999', 'newer'),
      cache.delete('row:4998'),
      cache.deleteMany(['row:4997', 'row:0']),
      cache.setMany([{ key: 'row:4996', value: 'newest' }]),
    ];
    await Promise.all([writing, ...later]);
    const found = await cache.getMany([
      'row:4999',
      'row:4998',
      'row:4997',
      'row:4996',
      'row:0',
      'row:1',
    ]);
    expect(Object.fromEntries(found)).toEqual({
      'row:4999': 'newer',
      'row:4996': 'newest',
      'row:1': 'old',
    });
  });

  it('of equal keys the last one counts, and what cannot be shared is named', async () => {
    const { cache, errors } = open({ memory: false });
    const { stored, failed } = await cache.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: () => 1 },
      { key: 'a', value: 2 },
    ]);
    expect({ stored, failed }).toEqual({ stored: 1, failed: ['b'] });
    expect(errors).toHaveLength(1);
    expect(await cache.get('a')).toBe(2);
  });

  it('a Redis that is full refuses them by name, and leaves no old value', async () => {
    const full = await RedisServer.start(['--maxmemory-policy', 'noeviction']);
    closing.push(() => full.stop());
    const { cache } = open({ redisUrl: full.url, memory: false });
    const own = new Redis(full.url);
    closing.push(() => {
      own.disconnect();
    });
    await cache.setMany(keysOf('row', 300).map((key) => ({ key, value: 'old' })));
    await own.config('SET', 'maxmemory', '1');
    const { stored, failed } = await cache.setMany(
      keysOf('row', 300).map((key) => ({ key, value: 'new' })),
    );
    expect({ stored, failed: failed.length }).toEqual({ stored: 0, failed: 300 });
    expect(await own.keys('bulk:row:*')).toEqual([]);
    expect((await cache.getStats()).degraded).toBe(false);
  });

  it('after a chunk that got no reply nothing more is sent: the rest is named and logged', async () => {
    const proxy = await Proxy.start(server.port);
    closing.push(() => proxy.stop());
    const { cache } = open({
      redisUrl: proxy.url,
      memory: false,
      storeTimeout: '300ms',
      breaker: false,
    });
    await cache.setMany(keysOf('row', 5000).map((key) => ({ key, value: 'old' })));
    proxy.pause();
    const start = performance.now();
    const { stored, failed } = await cache.setMany(
      keysOf('row', 5000).map((key) => ({ key, value: 'new' })),
    );
    expect(stored + failed.length).toBe(5000);
    expect(failed.length).toBe(5000);
    expect(await cache.getMany(keysOf('row', 5000))).toEqual(new Map());
    // A time-out for the writes and none for the reads, for which the log is enough; far from 40 chunks.
    expect(performance.now() - start).toBeLessThan(20 * 300);
    proxy.resume();
    await until('the log is replayed', async () => {
      return (await cache.getStats()).pendingInvalidations === 0;
    });
    expect((await cache.getMany<string>(keysOf('row', 5000))).size).toBe(0);
  });
});
