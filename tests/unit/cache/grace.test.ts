import { FaultStore } from 'aurora-cache/testing';

import { deferred, expectIdle, flush, setUp, stateOf } from './harness.js';

const fail = (): Promise<string> => Promise.reject(new Error('down'));

describe('grace', () => {
  const options = { ttl: 10, grace: 60 } as const;

  it('serves an expired value when its load fails', async () => {
    const setup = setUp();
    await setup.cache.getOrSet('key', () => 'old', options);
    setup.clock.jump('10s');
    expect(await setup.cache.getOrSet('key', fail, options)).toBe('old');
    expect((await setup.cache.getStats()).stale).toBe(1);
    // Served, but not fresh again: the next caller tries once more.
    expect(await setup.cache.getOrSet('key', () => 'new', options)).toBe('new');
    expectIdle(setup);
  });

  it('ends to the millisecond', async () => {
    const { cache, clock } = setUp();
    await cache.getOrSet('key', () => 'old', options);
    clock.jump('69999ms');
    expect(await cache.getOrSet('key', fail, options)).toBe('old');
    clock.jump('1ms');
    await expect(cache.getOrSet('key', fail, options)).rejects.toThrow('down');
  });

  it('is off by default', async () => {
    const { cache, clock } = setUp();
    await cache.getOrSet('key', () => 'old', { ttl: 10 });
    clock.jump('10s');
    await expect(cache.getOrSet('key', fail)).rejects.toThrow('down');
  });

  it('can be turned off for a call of a cache that has it', async () => {
    const { cache, clock } = setUp({ grace: 60, defaultTtl: 10 });
    await cache.getOrSet('off', () => 'old', { grace: false });
    await cache.set('on', 'old');
    clock.jump('10s');
    await expect(cache.getOrSet('off', fail)).rejects.toThrow('down');
    expect(await cache.getOrSet('on', fail)).toBe('old');
  });

  it('does not make an expired value visible to get, has and getMany', async () => {
    const { cache, clock } = setUp();
    await cache.set('key', 'old', options);
    clock.jump('10s');
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.has('key')).toBe(false);
    expect((await cache.getMany(['key'])).size).toBe(0);
  });

  it('serves all callers that wait for a load that fails', async () => {
    const { cache, clock } = setUp();
    await cache.set('key', 'old', options);
    clock.jump('10s');
    const gate = deferred<string>();
    const callers = [1, 2, 3].map(() => cache.getOrSet('key', () => gate.promise, options));
    gate.reject(new Error('down'));
    expect(await Promise.all(callers)).toEqual(['old', 'old', 'old']);
  });

  it('serves undefined, when that is the value', async () => {
    const { cache, clock } = setUp();
    await cache.set('key', undefined, options);
    clock.jump('10s');
    expect(await cache.getOrSet('key', fail, options)).toBeUndefined();
  });

  it.each<[string, (cache: ReturnType<typeof setUp>['cache']) => Promise<unknown>]>([
    ['delete', (cache) => cache.delete('key')],
    ['clear', (cache) => cache.clear('k*')],
    ['a tag', (cache) => cache.invalidateTags('t')],
  ])('never serves a value that was invalidated during the load, by %s', async (_, invalidate) => {
    const { cache, clock } = setUp();
    await cache.set('key', 'old', { ...options, tags: ['t'] });
    clock.jump('10s');
    const gate = deferred<string>();
    const caller = cache.getOrSet('key', () => gate.promise, options);
    await invalidate(cache);
    gate.reject(new Error('down'));
    await expect(caller).rejects.toThrow('down');
  });

  it('does not serve the value from before a set either', async () => {
    const { cache, clock } = setUp();
    await cache.set('key', 'old', options);
    clock.jump('10s');
    const gate = deferred<string>();
    const caller = cache.getOrSet('key', () => gate.promise, options);
    await cache.set('key', 'new', options);
    gate.reject(new Error('down'));
    await expect(caller).rejects.toThrow('down');
    expect(await cache.get('key')).toBe('new');
  });
});

describe('grace from the shared tier', () => {
  const options = { ttl: 10, grace: 60, tags: ['t'] } as const;

  it('serves what only the store has', async () => {
    const setup = setUp({ store: new Map(), memory: false });
    await setup.cache.set('key', 'old', options);
    setup.clock.jump('10s');
    expect(await setup.cache.getOrSet('key', fail, options)).toBe('old');
    expectIdle(setup);
  });

  it.each(['delete', 'tag'])('not after an invalidation by %s during the load', async (how) => {
    const { cache, clock } = setUp({ store: new Map(), memory: false });
    await cache.set('key', 'old', options);
    clock.jump('10s');
    const gate = deferred<string>();
    const caller = cache.getOrSet('key', () => gate.promise, options);
    await flush();
    await (how === 'delete' ? cache.delete('key') : cache.invalidateTags('t'));
    gate.reject(new Error('down'));
    await expect(caller).rejects.toThrow('down');
  });

  it('an entry that memory cuts short gains no grace by it', async () => {
    const store = new FaultStore();
    const { cache, clock } = setUp({ store, memory: { ttl: 1 } });
    await cache.set('key', 'old', { ttl: 10 });
    clock.jump('1s');
    store.inject({ error: new Error('gone') });
    await expect(cache.getOrSet('key', fail)).rejects.toThrow('down');
  });
});

describe('softTimeout', () => {
  const life = { ttl: 10, grace: 60 } as const;
  const options = { ...life, softTimeout: '200ms' } as const;

  it('serves the expired value, and stores the late result', async () => {
    const setup = setUp();
    await setup.cache.set('key', 'old', life);
    setup.clock.jump('10s');
    const gate = deferred<string>();
    const caller = setup.cache.getOrSet('key', () => gate.promise, options);
    await setup.clock.advance('199ms');
    expect(await stateOf(caller)).toBe('pending');
    await setup.clock.advance('1ms');
    expect(await caller).toBe('old');
    gate.resolve('late');
    await flush();
    expect(await setup.cache.get('key')).toBe('late');
    expect((await setup.cache.getStats()).stale).toBe(1);
    expectIdle(setup);
  });

  it('is counted from the start of the load, also for callers that join it', async () => {
    const { cache, clock } = setUp();
    await cache.set('key', 'old', life);
    clock.jump('10s');
    void cache.getOrSet('key', () => new Promise(() => undefined), options);
    await clock.advance('150ms');
    const joined = cache.getOrSet('key', fail, options);
    await clock.advance('50ms');
    expect(await joined).toBe('old');
  });

  it('waits for the load when there is nothing to serve', async () => {
    const { cache, clock } = setUp();
    const gate = deferred<string>();
    const caller = cache.getOrSet('key', () => gate.promise, options);
    await clock.advance('1s');
    expect(await stateOf(caller)).toBe('pending');
    gate.resolve('value');
    expect(await caller).toBe('value');
  });

  it('does not serve what was invalidated before it was over', async () => {
    const { cache, clock } = setUp();
    await cache.set('key', 'old', life);
    clock.jump('10s');
    const gate = deferred<string>();
    const caller = cache.getOrSet('key', () => gate.promise, options);
    await cache.delete('key');
    await clock.advance('1s');
    expect(await stateOf(caller)).toBe('pending');
    gate.resolve('value');
    expect(await caller).toBe('value');
    expect(await cache.has('key')).toBe(false);
  });

  it('a quick load wins, and leaves no timer', async () => {
    const { cache, clock, core } = setUp();
    await cache.set('key', 'old', life);
    clock.jump('10s');
    expect(await cache.getOrSet('key', () => 'new', options)).toBe('new');
    core.memory?.removeAll();
    await clock.advance('1s');
    expect(clock.pending).toBe(0);
    expect((await cache.getStats()).stale).toBe(0);
  });

  it('serves what the shared tier has, even if that replies after the time-out', async () => {
    const clock = setUp().clock;
    const store = new FaultStore({ clock });
    const { cache } = setUp({ clock, store, memory: false });
    await cache.set('key', 'old', life);
    clock.jump('10s');
    store.inject({ on: ['get'], latency: '300ms', times: 1 });
    const caller = cache.getOrSet('key', () => new Promise<string>(() => undefined), options);
    await clock.advance('299ms');
    expect(await stateOf(caller)).toBe('pending');
    await clock.advance('1ms');
    expect(await caller).toBe('old');
    expect((await cache.getStats()).stale).toBe(1);
  });

  it('a failure after the stale value was returned reaches no caller', async () => {
    const setup = setUp();
    await setup.cache.set('key', 'old', life);
    setup.clock.jump('10s');
    const gate = deferred<string>();
    const caller = setup.cache.getOrSet('key', () => gate.promise, options);
    await setup.clock.advance('200ms');
    expect(await caller).toBe('old');
    gate.reject(new Error('late'));
    await flush();
    expect((await setup.cache.getStats()).loadErrors).toBe(1);
    expectIdle(setup);
  });
});
