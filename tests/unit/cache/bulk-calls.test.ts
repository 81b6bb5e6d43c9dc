import { cached } from 'aurora-cache';

import { expectIdle, setUp } from './harness.js';

/** More than one call's commands carry at a time. */
const MANY = 2000;

describe('setMany', () => {
  it.each([
    ['in memory alone', undefined],
    ['on a store', new Map()],
  ])('is followed by a set of one of its last keys, which stands: %s', async (_, store) => {
    const setup = setUp({ store, maxMemoryItems: 2 * MANY });
    const entries = Array.from({ length: MANY }, (__, i) => ({ key: `key${i}`, value: 'many' }));
    const many = setup.cache.setMany(entries);
    const one = setup.cache.set(`key${MANY - 1}`, 'one');
    expect(await many).toEqual({ stored: MANY, failed: [] });
    await one;
    expect(await setup.cache.get(`key${MANY - 1}`)).toBe('one');
    expect(await setup.cache.get('key0')).toBe('many');
    expectIdle(setup);
  });

  it('is stored to its last chunk when the cache is closed meanwhile', async () => {
    const store = new Map();
    const setup = setUp({ store });
    const entries = Array.from({ length: MANY }, (_, i) => ({ key: `key${i}`, value: i }));
    const many = setup.cache.setMany(entries);
    await setup.cache.close();
    expect(await many).toEqual({ stored: MANY, failed: [] });
    expect(store.size).toBe(MANY);
    expect(setup.core.memory?.size).toBe(0);
    expectIdle(setup);
  });

  it('gives an entry one life in memory and on the store', async () => {
    const numbers = [0, 0.5, 0.9];
    const store = new Map();
    const { cache, core, clock } = setUp({
      store,
      jitter: 1,
      random: () => numbers.shift() ?? 0,
    });
    await cache.setMany([{ key: 'key', value: 1 }]);
    const other = setUp({ store, clock });
    await other.cache.get('key');
    const shared = other.core.memory?.find('key')?.freshUntil;
    expect(core.memory?.find('key')?.freshUntil).toBe(shared);
    expect(shared).toBeDefined();
  });
});

describe('deleteMany', () => {
  it('counts the results of methods that must not share their keys, as delete does', async () => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { cache } = setUp();
    const options = { cache, keyPrefix: 'user' };
    const first = cached(async function find(id: number) {
      return `first ${String(id)}`;
    }, options);
    const second = cached(async function find(id: number) {
      return `second ${String(id)}`;
    }, options);
    await first(1);
    await second(1);
    for (const id of [2, 3]) await Promise.all([first(id), second(id)]);
    expect(await cache.delete('user:2:find')).toBe(true);
    expect(await cache.deleteMany(['user:3:find', 'user:4:find'])).toBe(1);
  });
});
