import { Cached, cacheControl } from 'aurora-cache';
import { newCache, warnings } from './support.js';

describe('inheritance', () => {
  it('two classes that inherit one cached method do not share its results', async () => {
    const { cache } = newCache();
    const find = jest.fn();
    class Repository {
      @Cached({ cache })
      async find(id: number) {
        find(this.constructor.name, id);
        return `${this.constructor.name} ${String(id)}`;
      }
    }
    class UserRepository extends Repository {}
    class OrderRepository extends Repository {}
    const [users, orders] = [new UserRepository(), new OrderRepository()];
    for (let round = 0; round < 3; round++) {
      expect(await users.find(1)).toBe('UserRepository 1');
      expect(await orders.find(1)).toBe('OrderRepository 1');
      expect(await new Repository().find(1)).toBe('Repository 1');
    }
    expect(find).toHaveBeenCalledTimes(3);
    expect(cacheControl(users, 'find').keyFor(1)).toBe('UserRepository:1:find');
    expect(cacheControl(OrderRepository, 'find').keyFor(1)).toBe('OrderRepository:1:find');
    expect(cacheControl(Repository, 'find').keyFor(1)).toBe('Repository:1:find');
    expect(cacheControl(users, 'find').cacheInfo()).toMatchObject({ hits: 2, misses: 1, size: 1 });
    expect(await cacheControl(users, 'find').cacheClear()).toBe(1);
    expect(await orders.find(1)).toBe('OrderRepository 1');
    expect(find).toHaveBeenCalledTimes(3);
  });

  it('an override under the same prefix that calls super has its own key, and no wait', async () => {
    const { cache, clock } = newCache();
    class Base {
      @Cached({ cache, keyPrefix: 'user' })
      async find(id: number) {
        return `base ${String(id)}`;
      }
    }
    class Derived extends Base {
      @Cached({ cache, keyPrefix: 'user' })
      override async find(id: number) {
        return `derived of ${await super.find(id)}`;
      }
    }
    const start = clock.now();
    expect(await new Derived().find(1)).toBe('derived of base 1');
    expect(await new Base().find(1)).toBe('base 1');
    expect(await new Derived().find(1)).toBe('derived of base 1');
    expect([clock.now(), clock.pending]).toEqual([start, 1]); // only the sweep's timer, no time-out
    expect(cacheControl(Derived, 'find').keyFor(1)).toBe('user:1:find.1');
    expect(cacheControl(Base, 'find').keyFor(1)).toBe('user:1:find');
  });

  it('so has an override in a class of the same name, or in a mixin that is applied twice', async () => {
    const { cache } = newCache();
    const generated = (() => {
      class Account {
        @Cached({ cache })
        async find(id: number) {
          return `generated ${String(id)}`;
        }
      }
      return { Account };
    })();
    class Account extends generated.Account {
      @Cached({ cache })
      override async find(id: number) {
        return `own of ${await super.find(id)}`;
      }
    }
    const twice = (base: new () => { find(id: number): Promise<string> }) => {
      class Mixin extends base {
        @Cached({ cache, keyPrefix: 'p' })
        override async find(id: number) {
          return `mixin of ${await super.find(id)}`;
        }
      }
      return Mixin;
    };
    const account = new Account();
    const mixed = new (twice(twice(generated.Account)))();
    for (let round = 0; round < 2; round++) {
      expect(await account.find(1)).toBe('own of generated 1');
      expect(await mixed.find(1)).toBe('mixin of mixin of generated 1');
    }
    expect(cacheControl(account, 'find').keyFor(1)).toBe('Account:1:find.1');
    expect(cacheControl(mixed, 'find').keyFor(1)).toBe('p:1:find.2');
  });

  it('a wrapper class of the same name that does not override changes no key', async () => {
    const { cache } = newCache();
    class Plain {
      @Cached({ cache })
      async find(id: number) {
        return id;
      }
    }
    const Wrapped = { Plain: class Plain2 extends Plain {} }.Plain;
    Object.defineProperty(Wrapped, 'name', { value: 'Plain' });
    expect(cacheControl(Wrapped, 'find').keyFor(1)).toBe('Plain:1:find');
  });

  it('a static method and an instance method of one name do not share', async () => {
    const { cache } = newCache();
    class Both {
      @Cached({ cache })
      async find(id: number) {
        return `instance ${String(id)}`;
      }
      @Cached({ cache })
      static async find(id: number) {
        return `${this.name} ${String(id)}`;
      }
    }
    class Heir extends Both {}
    for (let round = 0; round < 2; round++) {
      expect(await new Both().find(1)).toBe('instance 1');
      expect(await Both.find(1)).toBe('Both 1');
      expect(await Heir.find(1)).toBe('Heir 1');
    }
    expect(cacheControl(Both, 'find').keyFor(1)).toBe('Both:1:static.find');
    expect(cacheControl(Heir, 'find').keyFor(1)).toBe('Heir:1:static.find');
    expect(cacheControl(Both.prototype, 'find').keyFor(1)).toBe('Both:1:find');
    expect(await cacheControl(Both, 'find').cacheClear()).toBe(1);
    expect(await cache.has('Both:1:find')).toBe(true);
  });

  it('methods named by symbols, or with dots and colons in their names, keep apart', async () => {
    const { cache } = newCache();
    const load = Symbol('load');
    class Symbolic {
      @Cached({ cache })
      async [load](id: number) {
        return `symbol ${String(id)}`;
      }
      @Cached({ cache })
      async load(id: number) {
        return `string ${String(id)}`;
      }
      @Cached({ cache })
      async 'a.b:c*'(id: number) {
        return `odd ${String(id)}`;
      }
      @Cached({ cache })
      async 'static.load'(id: number) {
        return `dotted ${String(id)}`;
      }
      @Cached({ cache })
      static async load(id: number) {
        return `static ${String(id)}`;
      }
    }
    const symbolic = new Symbolic();
    for (let round = 0; round < 2; round++) {
      expect(await symbolic[load](1)).toBe('symbol 1');
      expect(await symbolic.load(1)).toBe('string 1');
      expect(await symbolic['a.b:c*'](1)).toBe('odd 1');
      expect(await symbolic['static.load'](1)).toBe('dotted 1');
      expect(await Symbolic.load(1)).toBe('static 1');
    }
    expect(cacheControl(symbolic, load).keyFor(1)).toBe('Symbolic:1:@@load');
    expect((await cache.getStats()).totalKeys).toBe(5);
    for (const name of ['load', load, 'a.b:c*', 'static.load'] as const) {
      expect(await cacheControl(symbolic, name).cacheClear()).toBe(1);
    }
    expect((await cache.getStats()).totalKeys).toBe(1);
  });
});

describe('names that are not enough', () => {
  it('leading underscores, as esbuild puts them before decorated classes, are not in keys', () => {
    const { cache } = newCache();
    class _Users {
      @Cached({ cache })
      async get(id: number) {
        return id;
      }
    }
    expect(cacheControl(_Users, 'get').keyFor(1)).toBe('Users:1:get');
  });

  it('methods named by symbols of one description, or by its spelling, do not share results', async () => {
    const warned = warnings();
    const { cache } = newCache();
    const one = Symbol('find');
    const two = Symbol('find');
    class Symbolic {
      @Cached({ cache })
      async [one]() {
        return 'one';
      }
      @Cached({ cache })
      async [two]() {
        return 'two';
      }
      @Cached({ cache })
      async '@@find'() {
        return 'text';
      }
    }
    const symbolic = new Symbolic();
    for (let i = 0; i < 2; i++) {
      expect([await symbolic[one](), await symbolic[two](), await symbolic['@@find']()]).toEqual([
        'one',
        'two',
        'text',
      ]);
    }
    expect(warned().join()).toMatch(/different symbols: give each the option name/);
  });
});
