import {
  cached,
  Cached,
  cacheControl,
  CacheEvict,
  CachePut,
  ConfigurationError,
  getCachedMethods,
  memoized,
  Memoized,
  METHOD_METADATA,
  Timed,
} from 'aurora-cache';
import { newCache, untyped } from './support.js';

describe('the controls of a cached method', () => {
  it('invalidate removes one result and says whether it was there', async () => {
    const { cache } = newCache();
    class Users {
      @Cached({ cache })
      async get(id: number, page = 1) {
        return [id, page];
      }
    }
    const users = new Users();
    const control = cacheControl(users, 'get');
    const [first, second] = [await users.get(1), await users.get(1, 2)];
    expect([await control.invalidate(1), await control.invalidate(1)]).toEqual([true, false]);
    expect(await users.get(1)).not.toBe(first);
    expect(await users.get(1, 2)).toBe(second);
    expect(await cacheControl(Users, 'get').invalidate(1, 2)).toBe(true);
    expect(await users.get(1, 2)).not.toBe(second);
  });

  it('refresh runs the method and stores its result even if an entry is cached', async () => {
    const { cache } = newCache();
    let calls = 0;
    class Users {
      @Cached({ cache })
      async get(_id: number) {
        if (++calls === 3) throw new Error('own');
        return calls;
      }
    }
    const users = new Users();
    const control = cacheControl(users, 'get');
    await users.get(1);
    expect(await control.refresh(1)).toBe(2);
    expect(await users.get(1)).toBe(2);
    await expect(control.refresh(1)).rejects.toThrow('own');
    expect(await control.refresh(2)).toBe(4);
    expect(await users.get(2)).toBe(4);
  });

  it('warm loads what is missing, and lists failures without stopping at them', async () => {
    const { cache } = newCache();
    const load = jest.fn((id: unknown) => {
      if (id === 3) throw new Error('own');
      return id;
    });
    const tenant = cache.namespace('tenant');
    class Users {
      @Cached({ cache: tenant, keyPrefix: 'user' })
      async get(id: unknown) {
        return load(id);
      }
    }
    const users = new Users();
    await users.get(1);
    const calls: [unknown][] = [[1], [2], [3], [() => 4], [5]];
    const progress: number[] = [];
    const report = await cacheControl(users, 'get').warm(calls, {
      concurrency: 1,
      onProgress: ({ done }) => progress.push(done),
    });
    expect(report).toMatchObject({ done: 5, warmed: 3, failed: 2, aborted: false });
    expect(report.errors.map(({ key, error }) => [key, (error as Error).name])).toEqual([
      ['user:3:get', 'Error'],
      ['Users.get', 'CacheKeyError'],
    ]);
    expect(progress).toEqual([1, 2, 3, 4, 5]);
    expect(load.mock.calls).toEqual([[1], [2], [3], [5]]);
  });

  it('cacheClear removes all results of the method and no others, however odd the names', async () => {
    const { cache } = newCache();
    const tenant = cache.namespace('tenant');
    class Clearing {
      @Cached({ cache: tenant, keyPrefix: 'user[vip]*?' })
      async get(..._args: unknown[]) {
        return 1;
      }
      @Cached({ cache: tenant, keyPrefix: 'user[vip]*?', name: 'li[s]t?' })
      async list(..._args: unknown[]) {
        return 1;
      }
      @Cached({ cache: tenant, keyPrefix: 'uservx' })
      async other(..._args: unknown[]) {
        return 1;
      }
      @Cached({ cache: tenant, key: (id: number) => `own:${String(id)}`, tags: ['t'] })
      async keyed(_id: number) {
        return 1;
      }
    }
    const clearing = new Clearing();
    const fill = async () => {
      for (const args of [[], [1], ['1'], [1, 2], ['x'.repeat(300)], [['a'], { b: 1 }], ['get']]) {
        await Promise.all([clearing.get(...args), clearing.list(...args), clearing.other(...args)]);
      }
      await Promise.all([clearing.keyed(1), clearing.keyed(2)]);
    };
    await fill();
    const sizes = () =>
      (['get', 'list', 'other', 'keyed'] as const).map(
        (name) => cacheControl(clearing, name).cacheInfo().size,
      );
    expect(sizes()).toEqual([7, 7, 7, 2]);
    expect(await cacheControl(clearing, 'get').cacheClear()).toBe(7);
    expect(sizes()).toEqual([0, 7, 7, 2]);
    expect(await cacheControl(clearing, 'list').cacheClear()).toBe(7);
    expect(sizes()).toEqual([0, 0, 7, 2]);
    expect(await cacheControl(clearing, 'keyed').cacheClear()).toBe(2);
    expect(sizes()).toEqual([0, 0, 7, 0]);
  });

  it('are found for instances, classes and prototypes, even for methods named like built-ins', async () => {
    const { cache } = newCache();
    class Odd {
      @Cached({ cache })
      async apply(id: number) {
        return id;
      }
      @Memoized({ cache })
      toString(id?: number) {
        return `odd ${String(id)}`;
      }
      undecorated() {}
    }
    const odd = new Odd();
    expect(cacheControl(Odd, 'apply').keyFor(1)).toBe('Odd:1:apply');
    expect(cacheControl(Odd.prototype, 'apply').keyFor(1)).toBe('Odd:1:apply');
    expect(cacheControl(odd, 'apply').keyFor(1)).toBe('Odd:1:apply');
    expect(cacheControl<Odd, 'toString'>(odd, 'toString').keyFor(1)).toBe('Odd:1:toString');
    expect(() => cacheControl(odd, 'undecorated')).toThrow(ConfigurationError);
    expect(() => cacheControl(Odd, 'undecorated')).toThrow("no cached method 'undecorated' on Odd");
    expect(() => untyped(cacheControl)(odd, 'unheard')).toThrow(
      "no cached method 'unheard' on Odd",
    );
    await expect(cacheControl(Odd, 'apply').refresh(1)).rejects.toThrow('needs an instance');
    await expect(cacheControl(Odd, 'apply').warm([[1]])).rejects.toThrow('needs an instance');
  });
});

describe('cached and memoized functions', () => {
  it('cache, and carry their controls, names, lengths and own properties', async () => {
    const { cache } = newCache();
    const load = jest.fn(async (id: number, _page?: number) => [id]);
    const own = Object.assign(
      async function getUser(this: unknown, id: number, page?: number) {
        return await load(id, page);
      },
      { note: 1 },
    );
    const getUser = cached(own, { cache, keyPrefix: 'user', ttl: 60 });
    const first = await getUser(1);
    expect(await getUser(1)).toBe(first);
    expect([getUser.name, getUser.length, getUser.note]).toEqual(['getUser', 2, 1]);
    expect(getUser.keyFor(1)).toBe('user:1:getUser');
    expect(await cache.get(getUser.keyFor(1))).toBe(first);
    expect(getUser.cacheInfo()).toMatchObject({ hits: 1, misses: 1, keyPrefix: 'user', ttl: 60 });
    expect(await getUser.refresh(1)).not.toBe(first);
    expect(await getUser.warm([[1], [2]])).toMatchObject({ done: 2, failed: 0 });
    expect(load).toHaveBeenCalledTimes(3);
    expect([await getUser.invalidate(1), await getUser.invalidate(1)]).toEqual([true, false]);
    expect(await getUser.cacheClear()).toBe(1);
    expect(getUser.cacheInfo().size).toBe(0);
  });

  it('memoized stays synchronous; two wrappers in two caches do not share', () => {
    const [a, b] = [newCache().cache, newCache().cache];
    let calls = 0;
    const count = (_: number) => ++calls;
    const [one, two] = [memoized(count, { cache: a }), memoized(count, { cache: b })];
    expect([one(1), one(1), two(1), two(1), one(2)]).toEqual([1, 1, 2, 2, 3]);
    expect(one.keyFor(1)).toBe('count:1:count');
  });

  it('are methods of the function: cacheControl says so when it is given one', () => {
    const find = cached((id: number) => Promise.resolve(id), { name: 'find' });
    expect(() => untyped(cacheControl)(find)).toThrow(
      /got .+ and undefined. A cached function has these methods itself/,
    );
    expect(() => untyped(cacheControl)(undefined, 'find')).toThrow(
      /cacheControl\(object, 'method'\) got undefined and 'find'\./,
    );
  });

  it('refuse what is no function, an anonymous one without a name, and unknown options', () => {
    const anonymous = (
      () => async () =>
        1
    )();
    expect(() => cached(anonymous)).toThrow('an anonymous function has no name');
    expect(() => cached(anonymous, { name: 'named' })).not.toThrow();
    expect(() => cached(anonymous, { key: () => 'key' })).not.toThrow();
    expect(() => untyped(cached)(5)).toThrow('cached: fn must be a function; got 5');
    expect(() => untyped(memoized)(undefined)).toThrow(ConfigurationError);
    expect(() => untyped(cached)(anonymous, { nam: 'x' })).toThrow("Did you mean 'name'?");
  });
});

describe('getCachedMethods', () => {
  it('lists every decorator on every method, inherited and static ones, as the class has them', () => {
    const [one, two] = [Symbol('same'), Symbol('same')];
    class Base {
      @Cached({ keyPrefix: 'user', ttl: '5m', tags: ['users'], name: 'find' })
      async find() {
        return 1;
      }
      @Memoized()
      overridden() {
        return 1;
      }
      @Memoized()
      replaced() {
        return 1;
      }
      @Memoized()
      [one]() {
        return 1;
      }
      @Memoized()
      [two]() {
        return 1;
      }
      undecorated() {}
    }
    class Derived extends Base {
      @Memoized({ ttl: 5 })
      override overridden() {
        return 2;
      }
      override replaced() {
        return 2;
      }
      @CacheEvict({ tags: ['users'] })
      @Timed({ name: 'put' })
      @CachePut({ ttl: () => 5 })
      async put() {
        return 1;
      }
      @Cached()
      static async find() {
        return 1;
      }
    }
    const isStatic = false;
    const expected = [
      {
        kind: 'cached',
        method: 'find',
        isStatic,
        prefix: 'user',
        ttl: '5m',
        tags: ['users'],
        name: 'find',
      },
      { kind: 'memoized', method: 'overridden', isStatic, ttl: 5 },
      { kind: 'memoized', method: one, isStatic },
      { kind: 'memoized', method: two, isStatic },
      { kind: 'put', method: 'put', isStatic },
      { kind: 'timed', method: 'put', isStatic, name: 'put' },
      { kind: 'evict', method: 'put', isStatic, tags: ['users'] },
      { kind: 'cached', method: 'find', isStatic: true },
    ];
    const sorted = (list: readonly object[]) => list.map((one) => ({ ...one }));
    expect(sorted(getCachedMethods(Derived))).toEqual(expect.arrayContaining(expected));
    expect(getCachedMethods(Derived)).toHaveLength(expected.length);
    expect(getCachedMethods(new Derived())).toEqual(getCachedMethods(Derived));
    expect(getCachedMethods(Derived.prototype)).toEqual(getCachedMethods(Derived));
    expect(getCachedMethods(Base)).toHaveLength(5);
    expect(getCachedMethods(class {})).toEqual([]);
    expect(Reflect.getMetadata(METHOD_METADATA, Base.prototype.find)).toEqual([expected[0]]);
  });
});
