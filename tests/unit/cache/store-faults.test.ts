import { FaultStore, ManualClock, type Fault } from 'aurora-cache/testing';

import { expectIdle, flush, setUp, stateOf, type Setup } from './harness.js';

function setUpFaults(options: object = {}): Setup & { store: FaultStore } {
  const clock = new ManualClock();
  const store = new FaultStore({ clock });
  return { ...setUp({ clock, store, ...options }), store };
}

const gone: Fault = { error: new Error('connection lost') };

describe('a store that fails: the caller never sees it, the error event does', () => {
  it('on every operation', async () => {
    const setup = setUpFaults({ breaker: false });
    const { cache, store, errors } = setup;
    store.inject(gone);
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map());
    expect(await cache.has('key')).toBe(false);
    await cache.set('key', 1);
    expect(await cache.get('key')).toBe(1);
    expect(await cache.getOrSet('loaded', () => 2)).toBe(2);
    await flush();
    expect(await cache.get('loaded')).toBe(2);
    expect(await cache.delete('key')).toBe(true);
    expect(await cache.clear()).toBe(0);
    expect(await cache.get('loaded')).toBeUndefined();
    const operations = errors.map((error) => (error as { operation: string }).operation);
    expect(operations).toEqual([
      'get',
      'getMany',
      'get',
      'set',
      'get',
      'set',
      'delete',
      'iterator',
      'get',
    ]);
    expect(errors[0]).toMatchObject({ name: 'StoreError', code: 'ERR_STORE', cause: gone.error });
    expect((await cache.getStats()).errors).toBe(errors.length);
    expectIdle(setup);
  });

  it('the loader’s own error stays what it is', async () => {
    const { cache, store } = setUpFaults();
    store.inject(gone);
    const own = new Error('own');
    const outcome = cache.getOrSet('key', () => Promise.reject(own));
    expect(await outcome.catch((error: unknown) => error)).toBe(own);
  });

  it('a store that throws synchronously is no different', async () => {
    const fail = () => {
      throw new Error('sync');
    };
    const store = { get: fail, set: fail, delete: fail, getMany: fail, iterator: fail };
    const { cache, errors } = setUp({ store: store as never, breaker: false });
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
    expect((await cache.getMany(['a', 'b'])).size).toBe(0);
    await cache.set('key', 2);
    await cache.delete('key');
    expect(await cache.clear()).toBe(0);
    expect(errors).toHaveLength(6);
  });

  it('a failure in the middle of a listing ends the pass, and says so', async () => {
    const store = Object.assign(new FaultStore(), {
      async *iterator() {
        yield ['aurora:a', 1];
        throw new Error('broke off');
      },
    });
    const { cache, errors } = setUp({ store: store as never });
    await cache.set('a', 1);
    await cache.set('b', 1);
    expect(await cache.clear()).toBe(1);
    expect(errors).toMatchObject([{ operation: 'iterator', cause: { message: 'broke off' } }]);
  });
});

describe('a store that hangs: storeTimeout bounds every call', () => {
  it.each<[string, (setup: Setup) => Promise<unknown>, unknown]>([
    ['get', ({ cache }) => cache.get('key'), undefined],
    ['getMany', ({ cache }) => cache.getMany(['a', 'b']), new Map()],
    ['has', ({ cache }) => cache.has('key'), false],
    ['set', ({ cache }) => cache.set('key', 1), undefined],
    ['getOrSet', ({ cache }) => cache.getOrSet('key', () => 1), 1],
    ['delete', ({ cache }) => cache.delete('key'), false],
    ['clear', ({ cache }) => cache.clear(), 0],
  ])('%s', async (_, act, expected) => {
    const setup = setUpFaults({ storeTimeout: '300ms' });
    setup.store.inject({ hang: true });
    const outcome = act(setup);
    await setup.clock.advance('299ms');
    expect(await stateOf(outcome)).toBe('pending');
    await setup.clock.advance('1ms');
    expect(await outcome).toEqual(expected);
    expect(setup.errors[0]).toMatchObject({ code: 'ERR_STORE' });
    expect(String(setup.errors[0])).toMatch(/longer than 300 ms/);
    await setup.clock.advance('300ms');
    expectIdle(setup);
  });

  it('what comes after the time-out is ignored, a late failure included', async () => {
    const setup = setUpFaults();
    setup.store.inject({ latency: '2s', error: new Error('late') });
    const read = setup.cache.get('key');
    await setup.clock.advance('500ms');
    expect(await read).toBeUndefined();
    await setup.clock.advance('2s');
    expect(setup.errors).toHaveLength(1);
    expect(setup.clock.pending).toBe(0);
  });

  it('half a second is the default', async () => {
    const setup = setUpFaults();
    setup.store.inject({ hang: true });
    const read = setup.cache.get('key');
    await setup.clock.advance('499ms');
    expect(await stateOf(read)).toBe('pending');
    await setup.clock.advance('1ms');
    expect(await read).toBeUndefined();
  });
});

describe('a store that is slow', () => {
  it('a fill is not awaited by the caller', async () => {
    const setup = setUpFaults();
    setup.store.inject({ on: ['set'], latency: '400ms' });
    expect(await setup.cache.getOrSet('key', () => 1)).toBe(1);
    expect(setup.store.entries.size).toBe(0);
    await setup.clock.advance('400ms');
    expect(setup.store.entries.size).toBe(1);
    expectIdle(setup);
  });

  it('a read is awaited, and its reply used', async () => {
    const setup = setUpFaults({ memory: false });
    await setup.cache.set('key', 'shared');
    setup.store.inject({ on: ['get'], latency: '400ms' });
    const load = jest.fn(() => 'loaded');
    const read = setup.cache.getOrSet('key', load);
    await setup.clock.advance('400ms');
    expect(await read).toBe('shared');
    expect(load).not.toHaveBeenCalled();
  });
});

describe('a store that returns rubbish: a miss, never a crash', () => {
  it.each<[string, (stored: unknown) => unknown]>([
    ['nothing', () => null],
    ['a number', () => 7],
    ['an object', () => ({ value: 1 })],
    ['a buffer', () => Buffer.from('A1')],
    ['an empty text', () => ''],
    ['half of it', (stored) => (stored as string).slice(0, (stored as string).length / 2)],
    ['another version', (stored) => (stored as string).replace('A1', 'A2')],
    ['another codec', (stored) => (stored as string).replace('\nj', '\nz')],
    ['a payload cut short', (stored) => (stored as string).slice(0, -1)],
    ['a Keyv entry', () => '{"value":1,"expires":null}'],
  ])('%s', async (_, corrupt) => {
    const setup = setUpFaults({ memory: false });
    const { cache, store } = setup;
    await cache.setMany([
      { key: 'a', value: { id: 1 } },
      { key: 'b', value: { id: 2 } },
    ]);
    store.inject({ on: ['get', 'getMany'], corrupt });
    expect(await cache.get('a')).toBeUndefined();
    expect((await cache.getMany(['a', 'b'])).size).toBe(0);
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded');
    store.heal();
    await flush();
    expect(await cache.get('a')).toBe('loaded');
    expect(await cache.get('b')).toEqual({ id: 2 });
    expectIdle(setup);
  });

  it('getMany replies of the wrong shape are misses', async () => {
    for (const answer of [undefined, null, [], {}]) {
      const store = Object.assign(new FaultStore(), { getMany: () => Promise.resolve(answer) });
      const { cache } = setUp({ store: store as never, memory: false });
      await cache.set('a', 1);
      expect((await cache.getMany(['a', 'b'])).size).toBe(0);
    }
  });
});

describe('a value that cannot be shared', () => {
  it('stays in memory, is an error event, and takes the old one from the store', async () => {
    const { cache, store, errors } = setUpFaults();
    await cache.set('key', 'old');
    const value = { call: () => 1 };
    await cache.set('key', value);
    expect(store.entries.size).toBe(0);
    expect(errors[0]).toMatchObject({ code: 'ERR_SERIALIZATION' });
    expect(await cache.get('key')).toBe(value);
    expect(await cache.getOrSet('loaded', () => value)).toBe(value);
    await flush();
    expect(await cache.get('loaded')).toBe(value);
    expect(errors).toHaveLength(2);
  });
});
