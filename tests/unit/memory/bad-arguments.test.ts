import { MemoryStore } from 'aurora-cache';

type Call = (store: MemoryStore) => unknown;

/** Calls without types. */
const untyped = (store: MemoryStore) =>
  store as unknown as Record<string, (...args: unknown[]) => unknown>;
const call =
  (method: string, ...args: unknown[]): Call =>
  (store) =>
    untyped(store)[method]?.(...args);

describe('MemoryStore refuses, and keeps what it has,', () => {
  it.each<[string, Call, string]>([
    ['a key', call('put', 7, 1, 1000), 'put: key must be a string; got 7.'],
    ['no key', call('set', undefined, 1), 'set: key must be a string; got undefined.'],
    [
      'a text as life',
      call('put', 'a', 2, '5m'),
      "put: lifeMs must be a number of milliseconds, or Infinity for no expiry; got '5m'.",
    ],
    ['NaN as life', call('put', 'a', 2, NaN), 'put: lifeMs must be a number'],
    ['no life', call('put', 'a', 2), 'put: lifeMs must be a number'],
    [
      'a text as tags',
      call('put', 'a', 2, 9, 'tag'),
      "put: tags must be an array of strings that are not empty; got 'tag'.",
    ],
    ['a set of tags', call('put', 'a', 2, 9, new Set(['t'])), 'put: tags must be an array'],
    ['a number as tag', call('put', 'a', 2, 9, [7]), 'put: tags must be an array'],
    ['null as tags', call('put', 'a', 2, 9, null), 'put: tags must be an array'],
    ['a cost', call('put', 'a', 2, 9, [], NaN), 'put: cost must be a number'],
    [
      'a text as ttl',
      call('set', 'a', 2, '1000'),
      "set: ttl must be a number of milliseconds; 0 for no expiry; got '1000'.",
    ],
    ['NaN as ttl', call('set', 'a', 2, NaN), 'set: ttl must be a number'],
    ['a text as entries', call('setMany', 'abc'), "setMany: entries must be an array; got 'abc'."],
    ['no entries', call('setMany'), 'setMany: entries must be an array; got undefined.'],
    [
      'null as an entry',
      call('setMany', [{ key: 'a', value: 2 }, null]),
      'setMany: each entry must be an object; got null.',
    ],
    [
      'an entry without key',
      call('setMany', [{ key: 'a', value: 2 }, {}]),
      'setMany: key must be a string',
    ],
    ['a text as keys', call('getMany', 'abc'), "getMany: keys must be an array; got 'abc'."],
    ['a number among keys', call('getMany', ['a', 7]), 'getMany: key must be a string; got 7.'],
    ['no keys', call('deleteMany'), 'deleteMany: keys must be an array; got undefined.'],
    ['a missing number', call('get', 7), 'get: key must be a string; got 7.'],
    ['a missing number in has', call('has', 7), 'has: key must be a string; got 7.'],
    ['a missing number in delete', call('delete', 7), 'delete: key must be a string; got 7.'],
    ['a listener', call('onEvict', 5), 'onEvict: listener must be a function; got 5.'],
  ])('%s', async (_, act, message) => {
    const store = new MemoryStore();
    store.put('a', 1, Infinity, ['t']);
    await expect((async () => await act(store))()).rejects.toThrow(`MemoryStore.${message}`);
    expect(await store.get('a')).toBe(1);
    expect(store.size).toBe(1);
  });

  it.each([{}, 5, { now: 5 }])('the clock %p', (clock) => {
    expect(() => new MemoryStore({ clock: clock as never })).toThrow(
      /MemoryStore: clock must be a Clock/,
    );
  });
});

it('a negative ttl, as a Keyv passes one that has just passed, removes the key', async () => {
  const store = new MemoryStore();
  await store.set('a', 'old');
  await expect(store.set('a', 'new', -1)).resolves.toBe(true);
  await expect(store.get('a')).resolves.toBeUndefined();
});
