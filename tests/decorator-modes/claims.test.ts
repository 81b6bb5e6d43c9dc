import {
  Cached,
  cached,
  CacheConfig,
  cacheControl,
  CacheEvict,
  CacheManager,
  CachePut,
  Memoized,
  type CacheOptions,
} from 'aurora-cache';
import { gate, newCache, warnings } from './support.js';

/** A cache with a shared tier that can be looked at; the keys in it, without the namespace. */
function sharing(options: CacheOptions = {}) {
  const store = new Map<string, unknown>();
  const { cache } = newCache({ store, namespace: 'names', ...options });
  const keys = () => [...store.keys()].map((key) => key.replace(/^names:/, '')).sort();
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { cache, store, keys, settled };
}

/** Gives a class a name as a build would. */
function named<T extends object>(name: unknown, type: T): T {
  return Object.defineProperty(type, 'name', { value: name, configurable: true });
}

function newUsers(cache: CacheManager, text: string, options: object = {}) {
  class Users {
    @Cached({ cache, ...options })
    async find(id: number) {
      return `${text} ${String(id)}`;
    }
    @CachePut({ cache, method: 'find', args: (_result, id: number) => [id] })
    async save(id: number) {
      return `${text} saved ${String(id)}`;
    }
    @CacheEvict({ cache, methods: { find: (id: number) => [id] } })
    async change(_id: number) {}
  }
  return Users;
}

describe('names that a build may have made', () => {
  it.each(['', 'a', 'abc', 'UserService2', 'UserService$1', 'Users_', 'Users$'])(
    'a class named %j is cached in memory only, with one warning, and not without a shared tier',
    async (name) => {
      const warned = warnings();
      const { cache, keys, settled } = sharing();
      const Type = named(name, newUsers(cache, 'user'));
      const users = new Type();
      const first = users.find(1);
      expect(await first).toBe('user 1');
      expect(users.find(1)).toBe(users.find(1));
      await settled();
      expect(keys()).toEqual([]);
      expect(warned()).toEqual([expect.stringMatching(/stay in memory.*Name a keyPrefix/)]);
      const alone = new (named(name, newUsers(newCache().cache, 'alone')))();
      expect(await alone.find(1)).toBe('alone 1');
      expect(warned()).toHaveLength(1);
    },
  );

  it('with a keyPrefix, no class name is in the keys, and the results are shared', async () => {
    const warned = warnings();
    const { cache, keys, settled } = sharing();
    await new (named('b', newUsers(cache, 'user', { keyPrefix: 'user' })))().find(1);
    @CacheConfig({ keyPrefix: 'order' })
    class Orders {
      @Cached({ cache })
      async find(id: number) {
        return id;
      }
    }
    await new (named('', Orders))().find(1);
    await settled();
    expect(keys()).toEqual(['order:1:find', 'user:1:find']);
    expect(warned()).toEqual([]);
  });

  it('a name is in doubt once the same name with a suffix is met', async () => {
    const warned = warnings();
    const { cache, keys, settled } = sharing();
    const Plain = named('AccountService', newUsers(cache, 'plain'));
    const Suffixed = named('AccountService2', newUsers(cache, 'suffixed', { keyPrefix: 'own' }));
    const plain = new Plain();
    await plain.find(1);
    await plain.find(1);
    await settled();
    expect(keys()).toEqual(['AccountService:1:find']);
    expect(warned()).toEqual([]);
    // Another build may have stored this, for the other class.
    await cache.set('AccountService:1:find', 'of the other class');
    await cache.set('AccountService:2:find', 'of the other class');
    await new Suffixed().find(1);
    expect([await plain.find(1), await plain.find(2)]).toEqual(['plain 1', 'plain 2']);
    expect(warned()).toEqual([expect.stringContaining("class name 'AccountService'")]);
  });

  it('trustNames: true shares all of them but none that is missing; false shares none', async () => {
    const warned = warnings();
    const trusting = sharing({ trustNames: true });
    await new (named('c', newUsers(trusting.cache, 'user')))().find(1);
    await new (named('Carts2', newUsers(trusting.cache, 'user')))().find(1);
    await new (named('Carts', newUsers(trusting.cache, 'user')))().find(1);
    await trusting.settled();
    expect(trusting.keys()).toEqual(['Carts2:1:find', 'Carts:1:find', 'c:1:find']);
    expect(warned()).toEqual([]);
    await new (named('', newUsers(trusting.cache, 'user')))().find(1);
    const wary = sharing({ trustNames: false });
    await new (named('UserRepository', newUsers(wary.cache, 'user')))().find(1);
    await new (named('UserStore', newUsers(wary.cache, 'user', { keyPrefix: 'user' })))().find(1);
    await Promise.all([trusting.settled(), wary.settled()]);
    expect(trusting.keys()).toHaveLength(3);
    expect(wary.keys()).toEqual(['user:1:find']);
    expect(warned()).toEqual([expect.stringContaining("class name 'UserRepository'")]);
    expect(() => new CacheManager({ trustNames: 'no' as never })).toThrow('trustNames');
  });

  it("a function's own name is treated alike, also behind a keyPrefix; the option name is not", async () => {
    const warned = warnings();
    const { cache, keys, settled } = sharing();
    const short = named('fn', async (id: number) => id);
    await cached(short, { cache })(1);
    await cached(
      named('load2', async (id: number) => id),
      { cache, keyPrefix: 'page' },
    )(1);
    await settled();
    expect(keys()).toEqual([]);
    expect(warned()).toEqual([
      expect.stringMatching(/function name 'fn'.*option name/),
      expect.stringMatching(/function name 'load2'.*option name/),
    ]);
    await cached(
      named('fn', async (id: number) => id),
      { cache, name: 'v1' },
    )(1);
    await cached(
      named('loadPage', async (id: number) => id),
      { cache, keyPrefix: 'page' },
    )(1);
    await settled();
    expect(keys()).toEqual(['page:1:loadPage', 'v1:1:v1']);
  });

  it('a static member called name breaks nothing', async () => {
    const warned = warnings();
    const { cache, keys, settled } = sharing();
    for (const name of [42, null, {}, () => 'x', Symbol('x')]) {
      const users = new (named(name, newUsers(cache, 'static', { keyPrefix: 'static' })))();
      expect([await users.find(1), await users.find(1)]).toEqual(['static 1', 'static 1']);
    }
    class Thrower {
      static get name(): never {
        throw new Error('no name');
      }
      static readonly length = 'long';
      @Cached({ cache })
      async find(id: number) {
        return [id];
      }
      @Memoized({ cache })
      static memo(id: number) {
        return [id];
      }
    }
    const thrower = new Thrower();
    expect(await thrower.find(1)).toBe(await thrower.find(1));
    expect(Thrower.memo(1)).toBe(Thrower.memo(1));
    expect(() => cacheControl(Thrower, 'none' as never)).toThrow('no cached method');
    await settled();
    expect(keys()).toEqual([]);
    expect(warned().join('\n')).not.toMatch(/bypassed the cache/);
  });

  it('the removals and puts of a memory-only method reach the shared tier', async () => {
    warnings();
    const { cache, store, keys } = sharing();
    const users = new (named('d', newUsers(cache, 'user')))();
    const theirs = async () => {
      // As another build's process leaves it.
      await cache.set('d:1:find', 'theirs');
      expect(store.has('names:d:1:find')).toBe(true);
    };
    await theirs();
    expect(await users.find(1)).toBe('user 1');
    await users.change(1);
    expect(keys()).toEqual([]);
    await theirs();
    await users.save(1);
    expect(keys()).toEqual([]);
    expect(await users.find(1)).toBe('user saved 1');
    const control = cacheControl(users, 'find');
    await theirs();
    expect(await control.refresh(1)).toBe('user 1');
    expect(keys()).toEqual([]);
    expect(await users.find(1)).toBe('user 1');
    await theirs();
    expect(await control.invalidate(1)).toBe(true);
    await users.find(1);
    expect([await control.invalidate(1), await control.invalidate(1)]).toEqual([true, false]);
    await theirs();
    await Promise.all([users.find(1), users.find(2)]);
    expect(control.cacheInfo().size).toBe(2);
    expect(await control.cacheClear()).toBe(3);
    expect([keys(), control.cacheInfo().size]).toEqual([[], 0]);
  });

  it('no local key reaches the shared tier, not even when an entry is reloaded', async () => {
    const removed: string[] = [];
    class Watched extends Map<string, unknown> {
      override delete(key: string): boolean {
        removed.push(key);
        return super.delete(key);
      }
    }
    const { cache } = newCache({ store: new Watched(), namespace: 'names' });
    const Type = named('abc', newUsers(cache, 'user'));
    const users = new Type();
    await users.find(1);
    await cacheControl(users, 'find').refresh(1);
    expect(removed).toEqual(['names:abc:1:find']);
  });
});

describe('overrides', () => {
  it('are numbered by the decorated declarations below them, per static and instance', async () => {
    const { cache } = newCache();
    class Base {
      @Cached({ cache, keyPrefix: 'level' })
      async find(id: number): Promise<string> {
        return `base ${String(id)}`;
      }
      @Cached({ cache, keyPrefix: 'level' })
      static async find(id: number): Promise<string> {
        return `static ${String(id)}`;
      }
    }
    class Undecorated extends Base {
      override async find(id: number) {
        return `plain of ${await super.find(id)}`;
      }
    }
    class Derived extends Undecorated {
      @Cached({ cache, keyPrefix: 'level' })
      @Cached({ cache: newCache().cache, keyPrefix: 'inner' })
      override async find(id: number) {
        return `derived of ${await super.find(id)}`;
      }
    }
    class Last extends Derived {
      @Cached({ cache, keyPrefix: 'level' })
      override async find(id: number) {
        return `last of ${await super.find(id)}`;
      }
      @Memoized({ cache, keyPrefix: 'level' })
      other() {
        return 1;
      }
    }
    const keyOf = (type: object) => cacheControl(type as typeof Base, 'find').keyFor(1);
    const keys = [Base.prototype, Derived.prototype, Last.prototype, Base, Last].map(keyOf);
    expect(keys).toEqual([
      'level:1:find',
      'level:1:find.1',
      'level:1:find.2',
      'level:1:static.find',
      'level:1:static.find',
    ]);
    const text = 'last of derived of plain of base 1';
    expect([await new Last().find(1), await new Last().find(1)]).toEqual([text, text]);
    expect(await new Base().find(1)).toBe('base 1');
    expect(await Last.find(1)).toBe('static 1');
  });
});

describe('claims', () => {
  const conflict = (options: CacheOptions, keyPrefix = 'page') => {
    const { cache } = sharing(options);
    const [Users, Profiles] = [
      named('Users', newUsers(cache, 'user', { keyPrefix })),
      named('Profiles', newUsers(cache, 'profile', { keyPrefix })),
    ];
    return { cache, users: new Users(), profiles: new Profiles() };
  };

  it.each([
    ['with a shared tier', {}],
    ['in memory alone', { store: undefined }],
  ])('a second function under the same keys: nothing crosses, %s', async (_, options) => {
    const warned = warnings();
    const { cache, users, profiles } = conflict(options);
    expect(await users.find(1)).toBe('user 1');
    expect(await users.find(1)).toBe('user 1');
    expect(warned()).toEqual([]);
    for (let round = 0; round < 3; round++) {
      expect(await profiles.find(1)).toBe('profile 1');
      expect(await users.find(1)).toBe('user 1');
      // Loads under way are not joined either.
      expect(await Promise.all([users.find(2), profiles.find(2)])).toEqual(['user 2', 'profile 2']);
    }
    const infos = [users, profiles].map((one) => cacheControl(one, 'find').cacheInfo());
    expect(infos.map(({ size }) => size)).toEqual([2, 2]);
    expect(infos.every(({ hits }) => hits >= 2)).toBe(true);
    await users.save(1);
    expect(await Promise.all([users.find(1), profiles.find(1)])).toEqual([
      'user saved 1',
      'profile 1',
    ]);
    // An invalidation by key, pattern or message removes the entry for both.
    const before = infos.map(({ loads }) => loads);
    await cache.delete('page:1:find');
    await cache.clear('page:2:*');
    await Promise.all([users, profiles].flatMap((one) => [one.find(1), one.find(2)]));
    const after = [users, profiles].map((one) => cacheControl(one, 'find').cacheInfo().loads);
    expect(after).toEqual(before.map((loads) => loads + 2));
  });

  it('the warning names both and the options, and comes once', async () => {
    const warned = warnings();
    const { users, profiles } = conflict({}, 'said');
    await users.find(1);
    await profiles.find(1);
    await profiles.find(2);
    await users.find(3);
    expect(warned().filter((text) => text.includes('same keys'))).toEqual([
      expect.stringMatching(/Users\.find and Profiles\.find.*said:…:find.*keyPrefix.*name/),
    ]);
  });

  it('from then on nothing of either is stored in the shared tier, a load under way included', async () => {
    warnings();
    const { cache, keys, settled } = sharing();
    const { promise, open } = gate<string>();
    class Slow {
      @Cached({ cache, keyPrefix: 'slow' })
      async find(id: number) {
        return id === 1 ? await promise : `slow ${String(id)}`;
      }
    }
    const Other = newUsers(cache, 'other', { keyPrefix: 'slow' });
    const [slow, other] = [new Slow(), new Other()];
    const loading = slow.find(1);
    await settled();
    await other.find(1);
    open('slow 1');
    expect(await loading).toBe('slow 1');
    expect(await Promise.all([slow.find(1), other.find(1)])).toEqual(['slow 1', 'other 1']);
    await Promise.all([slow.find(2), other.find(3)]);
    await settled();
    expect(keys()).toEqual([]);
  });

  it('name on both is consent; on one of them it is not', async () => {
    const warned = warnings();
    const { cache, keys, settled } = sharing();
    const a = cached(async (id: number) => `a ${String(id)}`, { cache, name: 'both' });
    const b = cached(async (id: number) => `b ${String(id)}`, { cache, name: 'both' });
    expect([await a(1), await b(1)]).toEqual(['a 1', 'a 1']);
    await settled();
    expect([keys(), warned()]).toEqual([['both:1:both'], []]);
    const c = cached(
      named('both', async (id: number) => `c ${String(id)}`),
      { cache },
    );
    expect([await c(1), await a(1), await b(1)]).toEqual(['c 1', 'a 1', 'a 1']);
    expect(warned()).toHaveLength(1);
  });

  it('two cached functions of one minified name and one keyPrefix do not mix', async () => {
    warnings();
    const { cache } = sharing();
    const make = (text: string) =>
      cached(
        named('t', async (id: number) => `${text} ${String(id)}`),
        { cache, keyPrefix: 'fn' },
      );
    const [one, two] = [make('one'), make('two')];
    for (let round = 0; round < 2; round++) {
      expect(await Promise.all([one(1), two(1)])).toEqual(['one 1', 'two 1']);
    }
  });

  it('an inherited method: a line of descent is one claimant, siblings are two', async () => {
    const warned = warnings();
    const { cache, keys, settled } = sharing();
    class Repository {
      @Cached({ cache, keyPrefix: 'row' })
      async find(id: number) {
        return `${this.constructor.name} ${String(id)}`;
      }
    }
    class UserRepository extends Repository {}
    class AdminRepository extends UserRepository {}
    class OrderRepository extends Repository {}
    const [users, admins, orders] = [
      new UserRepository(),
      new AdminRepository(),
      new OrderRepository(),
    ];
    expect([await users.find(1), await admins.find(1), await new Repository().find(1)]).toEqual([
      'UserRepository 1',
      'UserRepository 1',
      'UserRepository 1',
    ]);
    await settled();
    expect([keys(), warned()]).toEqual([['row:1:find'], []]);
    expect(await orders.find(1)).toBe('OrderRepository 1');
    expect(await users.find(1)).toBe('UserRepository 1');
    expect(warned()).toEqual([
      expect.stringContaining(
        'UserRepository(Repository).find and OrderRepository(Repository).find',
      ),
    ]);
  });

  it('controls claim nothing, and hold for claims that come later', async () => {
    const warned = warnings();
    const { cache } = sharing();
    const [Users, Profiles] = ['user', 'profile'].map((text) =>
      newUsers(cache, text, { keyPrefix: 'tools' }),
    ) as [ReturnType<typeof newUsers>, ReturnType<typeof newUsers>];
    expect(cacheControl(Users, 'find').keyFor(1)).toBe('tools:1:find');
    expect(cacheControl(Profiles, 'find').keyFor(1)).toBe('tools:1:find');
    await cacheControl(Profiles, 'find').invalidate(1);
    await new Users().find(1);
    expect(warned()).toEqual([]);
    const report = await cacheControl(new Profiles(), 'find').warm([[1], [2]]);
    expect(report).toMatchObject({ warmed: 2, failed: 0 });
    expect(warned()).toHaveLength(1);
    expect(await new Users().find(1)).toBe('user 1');
    expect(await cacheControl(Users, 'find').invalidate(1)).toBe(true);
  });
});
