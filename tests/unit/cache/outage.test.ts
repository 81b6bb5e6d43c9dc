import { CacheManager, MemoryStore, type BreakerOptions } from 'aurora-cache';
import { FaultStore, ManualClock, type Fault } from 'aurora-cache/testing';
import Keyv from 'keyv';

import { flush, setUp, type Setup } from './harness.js';

const gone: Fault = { error: new Error('connection lost') };

function setUpOutage(options: object = {}): Setup & { store: FaultStore; events: string[] } {
  const clock = new ManualClock();
  const store = new FaultStore({ clock });
  const setup = setUp({ clock, store, memory: false, ...options });
  const events: string[] = [];
  setup.cache.on('degraded', () => events.push('degraded'));
  setup.cache.on('recovered', () => events.push('recovered'));
  return { ...setup, store, events };
}

/** Fails so often that the breaker opens. */
async function exhaust({ cache, store }: { cache: CacheManager; store: FaultStore }) {
  store.inject(gone);
  for (let i = 0; i < 5; i++) await cache.get(`any ${i}`);
}

describe('a store that does not answer is left alone', () => {
  it('after five failures in a row, and getStats() says so', async () => {
    const setup = setUpOutage();
    const { cache, store, events, errors } = setup;
    store.inject(gone);
    for (let i = 0; i < 4; i++) await cache.get('key');
    expect((await cache.getStats()).degraded).toBe(false);
    await cache.get('key');
    expect(await cache.getStats()).toMatchObject({ degraded: true });
    expect(events).toEqual(['degraded']);
    const calls = store.calls.get;
    for (let i = 0; i < 100; i++) await cache.getOrSet(`key ${i}`, () => i);
    expect(store.calls.get).toBe(calls);
    expect(errors).toHaveLength(5);
  });

  it('but not when successes come between the failures', async () => {
    const { cache, store, events } = setUpOutage();
    for (let i = 0; i < 20; i++) {
      store.inject({ ...gone, times: 4 });
      for (let j = 0; j < 5; j++) await cache.get('key');
    }
    expect(events).toEqual([]);
  });

  it('a store that hangs costs five time-outs, and then nothing', async () => {
    const { cache, clock, store, events } = setUpOutage({ storeTimeout: '100ms' });
    store.inject({ hang: true });
    for (let i = 0; i < 5; i++) {
      const call = cache.getOrSet(`key ${i}`, () => i);
      await clock.advance('100ms');
      expect(await call).toBe(i);
    }
    expect(events).toEqual(['degraded']);
    expect(await cache.getOrSet('another', () => 'at once')).toBe('at once');
  });

  it('what Redis refuses is no outage', async () => {
    const { cache, store, events } = setUpOutage();
    for (const message of ['OOM command not allowed', 'WRONGTYPE Operation', 'NOPERM', 'ERR no']) {
      store.inject({ error: new Error(message), times: 10 });
      for (let i = 0; i < 10; i++) await cache.get('key');
    }
    expect(events).toEqual([]);
  });

  it('is probed by a timer, with growing waits, and used again as soon as it replies', async () => {
    const setup = setUpOutage();
    const { cache, clock, store, events } = setup;
    await exhaust(setup);
    const probes: number[] = [];
    for (let second = 1; second <= 40; second++) {
      const before = store.calls.get;
      await clock.advance('1s');
      if (store.calls.get > before) probes.push(second);
    }
    expect(probes).toEqual([1, 3, 7, 15, 25, 35]);
    store.heal();
    await clock.advance('5s');
    expect(events).toEqual(['degraded', 'recovered']);
    expect(await cache.getStats()).toMatchObject({ degraded: false });
    await cache.set('key', 1);
    expect(await cache.get('key')).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('its settings are options, and false means never', async () => {
    const eager = setUpOutage({ breaker: { failures: 1, probeAfter: '10s' } });
    eager.store.inject({ ...gone, times: 1 });
    await eager.cache.get('key');
    expect(eager.events).toEqual(['degraded']);
    await eager.clock.advance('9s');
    expect(eager.events).toEqual(['degraded']);
    await eager.clock.advance('1s');
    expect(eager.events).toEqual(['degraded', 'recovered']);

    const never = setUpOutage({ breaker: false });
    await exhaust(never);
    await exhaust(never);
    expect(never.events).toEqual([]);
    expect(never.errors).toHaveLength(10);
  });

  it.each([
    [{ failures: 0 }, /failures must be a whole number from 1/],
    [{ probeAfter: 0 }, /probeAfter must be a positive number of seconds/],
    [{ failure: 3 }, /no option 'breaker\.failure'.*'failures'/],
  ])('%j is refused', (breaker, message) => {
    expect(() => new CacheManager({ breaker: breaker as BreakerOptions })).toThrow(message);
  });

  it.each([
    ['reads, if configured to throw', true, (cache: CacheManager) => cache.get('key')],
    ['writes, whose failures it emits', false, (cache: CacheManager) => cache.set('key', 1)],
  ])('also when it is a Keyv instance: by failing %s', async (_, throwOnErrors, call) => {
    const inner = new FaultStore();
    const store = new Keyv({ store: inner, throwOnErrors });
    const { cache } = setUp({ store, memory: false });
    inner.inject(gone);
    for (let i = 0; i < 5; i++) await call(cache);
    expect((await cache.getStats()).degraded).toBe(true);
    await cache.close();
  });

  it('closing the cache ends the probing', async () => {
    const setup = setUpOutage();
    await exhaust(setup);
    expect(setup.clock.pending).toBe(1);
    await setup.cache.close();
    expect(setup.clock.pending).toBe(0);
  });
});

describe('no invalidation is lost while the store is away', () => {
  /** Another process on the same store. */
  const other = (store: FaultStore, clock: ManualClock) =>
    new CacheManager({ clock, store, memory: false });

  it.each<[string, (cache: CacheManager) => Promise<unknown>]>([
    ['delete', (cache) => cache.delete('user:1')],
    ['set', (cache) => cache.set('user:1', 'newer')],
    ['clear(pattern)', (cache) => cache.clear('user:*')],
    ['clear()', (cache) => cache.clear()],
  ])(
    '%s: the old value is gone before the first read after the recovery',
    async (_, invalidate) => {
      const setup = setUpOutage();
      const { cache, clock, store } = setup;
      await cache.set('user:1', 'old', { ttl: '1h' });
      await exhaust(setup);
      await invalidate(cache);
      expect((await cache.getStats()).pendingInvalidations).toBe(1);
      expect(await cache.get('user:1')).toBeUndefined();
      store.heal();
      await clock.advance('10s');
      expect((await cache.getStats()).pendingInvalidations).toBe(0);
      expect(await cache.get('user:1')).toBeUndefined();
      expect(await other(store, clock).get('user:1')).toBeUndefined();
    },
  );

  it('a single failure is repaired without an outage, and the old value hidden until then', async () => {
    const { cache, clock, store } = setUpOutage();
    await cache.set('key', 'old');
    store.inject({ on: ['delete'], ...gone, times: 2 });
    await cache.delete('key');
    expect(await cache.get('key')).toBeUndefined();
    await clock.advance('1s');
    expect((await cache.getStats()).pendingInvalidations).toBe(0);
    expect([...store.entries.keys()]).toEqual([]);
  });

  it('a later write takes the key out of the log', async () => {
    const { cache, clock, store } = setUpOutage();
    store.inject({ on: ['delete'], ...gone });
    await cache.delete('key');
    await cache.set('key', 'new');
    expect((await cache.getStats()).pendingInvalidations).toBe(0);
    store.heal();
    await clock.advance('10s');
    expect(await cache.get('key')).toBe('new');
  });

  it('a value that Redis has no memory for leaves no old one behind', async () => {
    const { cache, store } = setUpOutage();
    await cache.set('key', 'old');
    store.inject({ on: ['set'], error: new Error('OOM command not allowed'), times: 1 });
    await cache.set('key', 'new');
    await flush();
    expect([...store.entries.keys()]).toEqual([]);
  });

  it('what failed on the way back is tried again', async () => {
    const setup = setUpOutage();
    const { cache, clock, store } = setup;
    for (const key of ['a', 'b', 'c']) await cache.set(key, 'old', { ttl: '1h' });
    await exhaust(setup);
    for (const key of ['a', 'b', 'c']) await cache.delete(key);
    store.heal().inject({ on: ['delete'], ...gone, times: 1 });
    await clock.advance('1s');
    expect(store.entries.size).toBeLessThan(3);
    await clock.advance('10s');
    expect([...store.entries.keys()]).toEqual([]);
    expect(setup.events).toEqual(['degraded', 'recovered']);
  });

  it('a call on more keys than the log names removes those, and nothing else', async () => {
    const setup = setUpOutage();
    const { cache, clock, store } = setup;
    for (const key of ['bystander', 'key 0', 'key 19999']) {
      await cache.set(key, 'old', { ttl: '1h' });
    }
    store.entries.set('foreign:key', { value: 'theirs', expiresAt: Infinity });
    await exhaust(setup);
    await cache.deleteMany(Array.from({ length: 20_000 }, (_, i) => `key ${i}`));
    expect((await cache.getStats()).pendingInvalidations).toBe(20_000);
    store.heal();
    await clock.advance('10s');
    expect([...store.entries.keys()]).toEqual(['aurora:bystander', 'foreign:key']);
    expect((await cache.getStats()).pendingInvalidations).toBe(0);
  });

  it('the memory tier serves alone until then', async () => {
    const setup = setUpOutage({ memory: {} });
    const { cache, store } = setup;
    store.inject(gone);
    for (let i = 0; i < 5; i++) await cache.delete(`any ${i}`);
    const load = jest.fn(() => 1);
    await cache.getOrSet('key', load);
    expect(await cache.getOrSet('key', load)).toBe(1);
    expect(load).toHaveBeenCalledTimes(1);
    await cache.set('key', 2);
    expect(await cache.get('key')).toBe(2);
  });
});

it('a store without faults never degrades', async () => {
  const cache = new CacheManager({ store: new MemoryStore() });
  await cache.set('key', 1);
  expect(await cache.getStats()).toMatchObject({ degraded: false, pendingInvalidations: 0 });
});
