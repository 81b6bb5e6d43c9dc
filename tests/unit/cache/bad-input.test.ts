import {
  CacheEvict,
  CacheManager,
  escapePattern,
  getCachedMethods,
  invalidateCache,
  isCacheError,
  pattern,
  type CacheOptions,
  type Duration,
  type SetOptions,
} from 'aurora-cache';

import { expectIdle, setUp, type Setup } from './harness.js';

/** The call rejects with an error that gives the reason, and the cache is unchanged. */
async function expectRefused(
  act: (cache: CacheManager) => Promise<unknown>,
  message: RegExp,
): Promise<void> {
  const setup: Setup = setUp();
  await setup.cache.set('key', 'cached', { tags: ['t'] });
  const error: unknown = await act(setup.cache).then(
    () => 'not refused',
    (reason: unknown) => reason,
  );
  expect(isCacheError(error)).toBe(true);
  expect(String(error)).toMatch(message);
  expect(await setup.cache.get('key')).toBe('cached');
  expect(setup.errors).toEqual([]);
  expectIdle(setup);
}

const KEYS: [string, unknown, RegExp][] = [
  ['empty', '', /not empty/],
  ['over 1 kB', 'x'.repeat(1025), /1024 bytes; got 1025/],
  ['over 1 kB in UTF-8', 'ü'.repeat(513), /1024 bytes; got 1026/],
  ['undefined', undefined, /undefined/],
  ['a number', 7, /got 7/],
  ['an object', {}, /an object/],
];

describe('a bad key is refused', () => {
  it.each(KEYS)('%s, by every method', async (_, bad, message) => {
    const key = bad as string;
    await expectRefused((cache) => cache.get(key), message);
    await expectRefused((cache) => cache.getMany(['key', key]), message);
    await expectRefused((cache) => cache.set(key, 1), message);
    await expectRefused(
      (cache) =>
        cache.setMany([
          { key: 'key', value: 2 },
          { key, value: 1 },
        ]),
      message,
    );
    await expectRefused((cache) => cache.getOrSet(key, () => 1), message);
    await expectRefused((cache) => cache.has(key), message);
    await expectRefused((cache) => cache.delete(key), message);
    await expectRefused((cache) => cache.deleteMany(['key', key]), message);
  });

  it('1 kB is allowed', async () => {
    const { cache } = setUp();
    await cache.set('ü'.repeat(512), 1);
    expect(await cache.get('ü'.repeat(512))).toBe(1);
  });
});

const DURATIONS = [
  0,
  NaN,
  Infinity,
  -1,
  'soon',
  '1e3s',
  '5',
  '-5s',
  '5 s',
  '0s',
  '',
  null,
  {},
  1e300,
];

describe('a bad duration is refused', () => {
  it.each(DURATIONS)('%p, as ttl of set, setMany and getOrSet', async (bad) => {
    const ttl = bad as Duration;
    await expectRefused((cache) => cache.set('key', 'new', { ttl }), /set: ttl must be/);
    await expectRefused(
      (cache) => cache.setMany([{ key: 'key', value: 1, ttl }]),
      /setMany: ttl must be/,
    );
    await expectRefused(
      (cache) => cache.getOrSet('new', () => 1, { ttl }),
      /getOrSet: ttl must be/,
    );
  });

  it('a clock that is none, as an option of the cache', () => {
    expect(() => new CacheManager({ clock: {} as never })).toThrow('clock must be a Clock');
  });

  it.each(DURATIONS)('%p, as an option of the cache', (bad) => {
    const value = bad as Duration;
    const names = ['defaultTtl', 'grace', 'softTimeout', 'hardTimeout', 'storeTimeout', 'lease'];
    for (const name of names) {
      expect(() => new CacheManager({ [name]: value })).toThrow(
        new RegExp(`CacheManager: ${name}`),
      );
    }
    expect(() => new CacheManager({ memory: { ttl: value } })).toThrow(/memory\.ttl/);
  });

  it.each(DURATIONS)('%p, as a time of a load; the loader is not called', async (bad) => {
    const value = bad as Duration;
    const load = jest.fn(() => 1);
    for (const name of ['grace', 'softTimeout', 'hardTimeout', 'lease']) {
      const act = (cache: CacheManager) => cache.getOrSet('new', load, { [name]: value });
      await expectRefused(act, new RegExp(`getOrSet: ${name}`));
    }
    expect(load).not.toHaveBeenCalled();
  });

  it('a ttl of 60000 works, and warns once that it means seconds', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation();
    const { cache, clock } = setUp();
    await cache.set('key', 1, { ttl: 60_000 });
    await cache.set('key', 1, { ttl: 60_000 });
    expect(warned).toHaveBeenCalledTimes(1);
    expect(warned).toHaveBeenCalledWith(
      expect.stringMatching(/set: ttl is 60000, and numbers are seconds: that is 16.7 hours/),
      expect.objectContaining({ code: 'AURORA_DURATION_UNIT' }),
    );
    clock.jump('16h');
    expect(await cache.has('key')).toBe(true);
  });
});

describe('bad values and loaders are refused', () => {
  it('a promise in place of a value', async () => {
    const promise = Promise.resolve(1);
    await expectRefused((cache) => cache.set('key', promise), /set: value is a promise/);
    await expectRefused(
      (cache) => cache.setMany([{ key: 'key', value: promise }]),
      /setMany: value is a promise/,
    );
  });

  it.each([undefined, null, 7, {}, 'load', Promise.resolve(1)])('%p as loader', async (loader) => {
    await expectRefused(
      (cache) => cache.getOrSet('new', loader as never),
      /loader must be a function/,
    );
  });

  it('tags that are no texts, too long, or too many', async () => {
    const tags: unknown[] = [
      'tag',
      [''],
      [7],
      [null],
      ['x'.repeat(257)],
      Array.from({ length: 129 }, (_, i) => `t${i}`),
    ];
    for (const bad of tags) {
      const options = { tags: bad } as SetOptions;
      await expectRefused((cache) => cache.set('key', 1, options), /tags/);
      await expectRefused((cache) => cache.getOrSet('new', () => 1, options), /tags/);
    }
    await expectRefused((cache) => cache.invalidateTags('t', ''), /tag/);
    await expectRefused((cache) => cache.invalidateTags(['t'] as never), /tag/);
  });
});

describe('unknown options are refused, with the nearest known one', () => {
  it.each<[object, RegExp]>([
    [{ defaultTTL: 5 }, /'defaultTTL'. Did you mean 'defaultTtl'/],
    [{ maxItems: 5 }, /there is no option 'maxItems'/],
    [{ namspace: 'a' }, /Did you mean 'namespace'/],
    [{ ttl: 5 }, /there is no option 'ttl'/],
    [{ memory: { freze: true } }, /there is no option 'memory\.freze'. Did you mean 'freeze'/],
  ])('of the cache: %p', (options, message) => {
    expect(() => new CacheManager(options)).toThrow(message);
  });

  it('of set, setMany and getOrSet', async () => {
    await expectRefused((cache) => cache.set('key', 1, { tll: 5 } as never), /Did you mean 'ttl'/);
    const entry = { key: 'key', value: 1, tag: ['a'] };
    await expectRefused((cache) => cache.setMany([entry]), /Did you mean 'tags'/);
    await expectRefused(
      (cache) => cache.getOrSet('new', () => 1, { grce: 5 } as never),
      /Did you mean 'grace'/,
    );
    await expectRefused((cache) => cache.set('key', 1, null as never), /must be an object/);
    await expectRefused((cache) => cache.getOrSet('new', () => 1, 5 as never), /must be an object/);
  });
});

describe('bad values of options are refused', () => {
  it.each<[unknown, RegExp]>([
    [{ maxMemoryItems: 0 }, /maxMemoryItems must be a whole number/],
    [{ maxMemoryItems: 1.5 }, /maxMemoryItems/],
    [{ maxMemoryItems: NaN }, /maxMemoryItems/],
    [{ maxMemoryItems: 2 ** 40 }, /maxMemoryItems/],
    [{ maxMemoryBytes: -1 }, /maxMemoryBytes/],
    [{ jitter: 1.1 }, /jitter must be a share/],
    [{ jitter: NaN }, /jitter/],
    [{ refreshAhead: 1 }, /refreshAhead/],
    [{ refreshAhead: 0 }, /refreshAhead/],
    [{ refreshAhead: '30' }, /refreshAhead/],
    [{ namespace: 'a b' }, /namespace/],
    [{ namespace: '' }, /namespace/],
    [{ name: '' }, /name/],
    [{ store: {} }, /store must be a Keyv storage adapter/],
    [{ store: 'redis' }, /store/],
    [{ memory: true }, /memory must be false or \{ ttl, .*eviction \}; got true/],
    [{ compression: 5 }, /compression must be true or false or \{ threshold \}; got 5/],
    [
      { breaker: { failures: 0 } },
      /CacheManager: breaker\.failures must be a whole number .* got 0/,
    ],
    [{ defaultTtl: 'redis://u:s3cret@host' }, /defaultTtl must be .* got '\*\*\*@host'/],
    [{ memory: { policy: 1 } }, /policy/],
    [{ memory: { eviction: 'fifo' } }, /memory\.eviction must be 'adaptive' or 'lru'; got 'fifo'/],
    [{ codec: { tag: 'j', encode: String, decode: String } }, /codec/],
    [{ codec: { tag: 'xy', encode: String, decode: String } }, /codec/],
    [{ types: {} }, /types must be an array/],
    [{ enabled: 'yes' }, /enabled/],
    [{ random: 0.5 }, /random/],
    [null, /options must be an object/],
    [[], /options must be an object/],
  ])('%p', (options, message) => {
    expect(() => new CacheManager(options as CacheOptions)).toThrow(message);
  });

  it('undefined counts as absent', () => {
    const options = { defaultTtl: undefined, store: undefined, memory: undefined };
    expect(() => new CacheManager(options)).not.toThrow();
  });
});

describe('lists that are none', () => {
  it.each([
    ['getMany', (cache: CacheManager) => cache.getMany('abc' as never)],
    ['deleteMany', (cache: CacheManager) => cache.deleteMany('abc' as never)],
  ])('%s says so', async (name, call) => {
    await expect(call(new CacheManager())).rejects.toThrow(
      `${name}: keys must be an array; got 'abc'.`,
    );
  });
});

it('getOrSet refuses a misspelt option on a hit as well', async () => {
  const { cache } = setUp();
  await cache.set('key', 1);
  const misspelt = { tll: 60 } as object;
  for (const options of [misspelt, 5 as never, null as never, [] as never]) {
    await expect(cache.getOrSet('key', () => 2, options)).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
    });
  }
  await expect(cache.getOrSet('key', () => 2, misspelt)).rejects.toThrow("Did you mean 'ttl'?");
});

describe('what a program without types may pass is refused:', () => {
  const untyped = (cache: CacheManager) =>
    cache as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;

  it.each<[string, unknown[], RegExp]>([
    ['setMany', [undefined], /setMany: entries must be an iterable object; got undefined/],
    ['setMany', ['abc'], /setMany: entries must be an iterable object; got 'abc'/],
    ['setMany', [{}], /setMany: entries must be an iterable object; got an object/],
    [
      'setMany',
      [[{ key: 'key', value: 2 }, null]],
      /setMany: each entry must be an object; got null/,
    ],
    ['warm', [undefined], /warm: entries must be an iterable object; got undefined/],
    ['warm', ['abc'], /warm: entries must be an iterable object; got 'abc'/],
    ['warm', [[], { signal: {} }], /warm: signal must be an AbortSignal; got an object/],
    ['clear', [123], /clear: pattern must be a string that is not empty; got 123/],
    ['clear', [null], /clear: pattern must be .* got null/],
  ])('%s(%p)', async (method, args, message) => {
    await expectRefused(async (cache) => await untyped(cache)[method]?.(...args), message);
  });

  it.each<[unknown, string]>([
    [null, 'warm: each entry must be an object; got null.'],
    [{ key: 'new', loader: 5 }, 'getOrSet: loader must be a function; got 5.'],
  ])('warm([%p]), in its report', async (entry, message) => {
    const { cache } = setUp();
    const { errors } = await cache.warm([entry as never]);
    expect(errors).toMatchObject([{ error: { message } }]);
    expect(await cache.has('new')).toBe(false);
  });

  it.each(['on', 'off'] as const)(
    '%s of an event that never occurs, or without a listener',
    (method) => {
      const { cache } = setUp();
      for (const event of ['typo', undefined, 'constructor', 'Hit']) {
        expect(() => cache[method](event as never, () => undefined)).toThrow(
          `${method}: event must be 'hit' or`,
        );
      }
      expect(() => cache[method]('hit', undefined as never)).toThrow(
        `${method}: listener must be a function; got undefined.`,
      );
    },
  );

  it('invalidateCache without a pattern, which would clear everything', async () => {
    await expect(invalidateCache(undefined as never)).rejects.toThrow(
      'invalidateCache: pattern must be a string that is not empty; got undefined.',
    );
  });

  it.each<unknown>(['user:*', undefined, null, ['a'], {}])('pattern as a function: %p', (given) => {
    expect(() => pattern(given as never)).toThrow(/pattern is a template tag: write pattern`/);
  });

  it('escapePattern and getCachedMethods of other things', () => {
    expect(() => escapePattern(undefined as never)).toThrow(/text must be a string; got undefined/);
    for (const target of [undefined, null, 5, 'x', () => 1]) {
      expect(() => getCachedMethods(target as never)).toThrow(/target must be a class/);
    }
  });

  it.each<[object, RegExp]>([
    [{ methods: [5] }, /methods must be a non-empty array/],
    [{ methods: [] }, /methods must be/],
    [{ methods: { find: 5 } }, /methods must be/],
    [{ key: [] }, /key must be a function or a string, a non-empty array/],
    [{ pattern: [] }, /pattern must be/],
  ])('@CacheEvict(%p)', (options, message) => {
    expect(() => CacheEvict(options as never) as unknown).toThrow(message);
  });
});
