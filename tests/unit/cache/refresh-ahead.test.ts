import { deferred, expectIdle, flush, setUp } from './harness.js';

describe('refresh-ahead', () => {
  it.each([
    ['a share of the ttl', 0.2],
    ['a duration before the end', '20s' as const],
  ])('%s: one refresh for many hits, all of which return at once', async (_, refreshAhead) => {
    const setup = setUp();
    const { cache, clock } = setup;
    const options = { ttl: 100, refreshAhead };
    await cache.getOrSet('key', () => 'old', options);
    const gate = deferred<string>();
    const load = jest.fn(() => gate.promise);
    clock.jump('79999ms');
    expect(await cache.getOrSet('key', load, options)).toBe('old');
    expect(load).not.toHaveBeenCalled();
    clock.jump('1ms');
    const hits = Array.from({ length: 100 }, () => cache.getOrSet('key', load, options));
    expect(await Promise.all(hits)).toEqual(Array<string>(100).fill('old'));
    expect(load).toHaveBeenCalledTimes(1);
    gate.resolve('new');
    await flush();
    expect(await cache.getOrSet('key', load, options)).toBe('new');
    clock.jump('79s');
    expect(await cache.getOrSet('key', load, options)).toBe('new');
    expect(load).toHaveBeenCalledTimes(1);
    expect(await cache.getStats()).toMatchObject({ refreshes: 1, misses: 1 });
    expectIdle(setup);
  });

  it('a failed refresh affects no caller and is retried a second later', async () => {
    const { cache, clock } = setUp();
    const options = { ttl: 100, refreshAhead: 0.5 };
    await cache.getOrSet('key', () => 'old', options);
    clock.jump('50s');
    const load = jest.fn(() => Promise.reject(new Error('down')));
    for (let i = 0; i < 5; i++) {
      expect(await cache.getOrSet<string>('key', load, options)).toBe('old');
      await flush();
    }
    expect(load).toHaveBeenCalledTimes(1);
    clock.jump('1s');
    expect(await cache.getOrSet<string>('key', load, options)).toBe('old');
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('does not prolong the life of a value whose refreshes fail', async () => {
    const { cache, clock } = setUp();
    const options = { ttl: 100, refreshAhead: 0.5 };
    const load = (): Promise<string> => Promise.reject(new Error('down'));
    await cache.getOrSet('key', () => 'old', options);
    clock.jump('99999ms');
    expect(await cache.getOrSet('key', load, options)).toBe('old');
    await flush();
    clock.jump('1ms');
    await expect(cache.getOrSet('key', load, options)).rejects.toThrow('down');
  });

  it('a refresh that an invalidation overtook is not stored', async () => {
    const { cache, clock } = setUp();
    const options = { ttl: 100, refreshAhead: 0.5 };
    await cache.getOrSet('key', () => 'old', options);
    clock.jump('50s');
    const gate = deferred<string>();
    await cache.getOrSet('key', () => gate.promise, options);
    await cache.delete('key');
    gate.resolve('from before');
    await flush();
    expect(await cache.has('key')).toBe(false);
  });

  it('callers join the refresh when the value expires under it', async () => {
    const { cache, clock } = setUp();
    const options = { ttl: 100, refreshAhead: 0.5 };
    await cache.getOrSet('key', () => 'old', options);
    clock.jump('99s');
    const gate = deferred<string>();
    expect(await cache.getOrSet('key', () => gate.promise, options)).toBe('old');
    clock.jump('1s');
    const load = jest.fn(() => 'second');
    const caller = cache.getOrSet('key', load, options);
    gate.resolve('refreshed');
    expect(await caller).toBe('refreshed');
    expect(load).not.toHaveBeenCalled();
  });

  it('reads the shared tier first: another process may have refreshed', async () => {
    const store = new Map<string, unknown>();
    const a = setUp({ store });
    const b = setUp({ store, clock: a.clock });
    const options = { ttl: 100, refreshAhead: 0.5 };
    await a.cache.getOrSet('key', () => 'old', options);
    await flush();
    expect(await b.cache.getOrSet('key', () => 'unused', options)).toBe('old');
    a.clock.jump('60s');
    await a.cache.getOrSet('key', () => 'new', options);
    await flush();
    const load = jest.fn(() => 'again');
    expect(await b.cache.getOrSet('key', load, options)).toBe('old');
    await flush();
    expect(await b.cache.getOrSet('key', load, options)).toBe('new');
    expect(load).not.toHaveBeenCalled();
  });

  it('get and has start no refresh: they have no loader', async () => {
    const { cache, clock } = setUp();
    await cache.getOrSet('key', () => 'old', { ttl: 100, refreshAhead: 0.5 });
    clock.jump('60s');
    expect(await cache.get('key')).toBe('old');
    expect(await cache.has('key')).toBe(true);
    expect((await cache.getStats()).refreshes).toBe(0);
  });

  it('a window longer than the life begins half-way, and does not make every hit a load', async () => {
    const { cache, clock } = setUp();
    const options = { ttl: 60, refreshAhead: '1h' as const };
    const load = jest.fn(() => 1);
    for (let i = 0; i < 20; i++) await cache.getOrSet('key', load, options);
    expect(load).toHaveBeenCalledTimes(1);
    clock.jump('31s');
    await cache.getOrSet('key', load, options);
    expect(load).toHaveBeenCalledTimes(2);
  });
});
