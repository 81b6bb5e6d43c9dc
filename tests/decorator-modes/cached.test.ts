import { Cached, cacheControl, CacheKeyError, configureCache, getCache } from 'aurora-cache';
import { foreign, gate, newCache, untyped, warnings } from './support.js';

describe('@Cached', () => {
  it('runs the body once for equal arguments, and once more for others', async () => {
    const { cache } = newCache();
    const body = jest.fn(async (id: number, options?: object) => ({ id, options }));
    class Users {
      @Cached({ cache })
      async get(id: number, options?: object) {
        return await body(id, options);
      }
    }
    const users = new Users();
    const first = await users.get(1, { b: 2, a: 1 });
    expect(await users.get(1, { a: 1, b: 2 })).toBe(first);
    expect(body).toHaveBeenCalledTimes(1);
    expect(await users.get(2, { a: 1, b: 2 })).toEqual({ id: 2, options: { a: 1, b: 2 } });
    expect(await users.get(1)).toEqual({ id: 1, options: undefined });
    expect(body).toHaveBeenCalledTimes(3);
    expect(cacheControl(users, 'get').cacheInfo()).toMatchObject({
      hits: 1,
      misses: 3,
      hitRate: 25,
      loads: 3,
      loadErrors: 0,
      size: 3,
      keyPrefix: 'Users',
      ttl: 300,
    });
  });

  it('lets concurrent calls share one run, for their own key only', async () => {
    const { cache } = newCache();
    const { promise, open } = gate<string>();
    const body = jest.fn((id: number) => promise.then((text) => text + String(id)));
    class Sharing {
      @Cached({ cache })
      async get(id: number) {
        return await body(id);
      }
    }
    const sharing = new Sharing();
    const calls = [sharing.get(1), sharing.get(1), new Sharing().get(1), sharing.get(2)];
    open('v');
    expect(await Promise.all(calls)).toEqual(['v1', 'v1', 'v1', 'v2']);
    expect(body.mock.calls).toEqual([[1], [2]]);
  });

  it("hands the method's own error to every caller, and caches none", async () => {
    const { cache } = newCache();
    const error = new Error('database is gone');
    let calls = 0;
    class Failing {
      @Cached({ cache })
      async get(id: number): Promise<number> {
        if (++calls === 1) throw error;
        return await Promise.resolve(id);
      }
      @Cached({ cache })
      async nothing(): Promise<never> {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- any value can be thrown
        throw undefined;
      }
    }
    const failing = new Failing();
    const outcomes = await Promise.allSettled([failing.get(1), failing.get(1)]);
    expect(outcomes.map((one) => one.status === 'rejected' && one.reason === error)).toEqual([
      true,
      true,
    ]);
    expect(await failing.get(1)).toBe(1);
    expect(calls).toBe(2);
    await expect(failing.nothing()).rejects.toBeUndefined();
    expect(cacheControl(failing, 'get').cacheInfo()).toMatchObject({ loadErrors: 1, size: 1 });
  });

  it('passes this and all arguments on, and keeps name, length and own properties', async () => {
    const { cache } = newCache();
    const noted = foreign((body) => Object.assign(body, { note: 'kept' }));
    class Whole {
      base = 100;
      @Cached({ cache })
      @noted
      async sum(a: number, b: number, ...more: number[]) {
        return this.base + a + b + more.length;
      }
    }
    const whole = new Whole();
    expect(await whole.sum(1, 2, 3, 4)).toBe(105);
    expect(whole.sum.name).toBe('sum');
    expect(whole.sum).toHaveLength(2);
    expect(Object.entries(whole.sum)).toEqual([['note', 'kept']]);
    expect(Object.keys(whole)).toEqual(['base']);
    expect(Object.getOwnPropertyDescriptor(Whole.prototype, 'sum')?.enumerable).toBe(false);
  });

  it('keeps null and undefined as the values that they are', async () => {
    const { cache } = newCache();
    const body = jest.fn();
    class Nothing {
      @Cached({ cache })
      async get(id: string): Promise<null | undefined> {
        body();
        return id === 'null' ? null : undefined;
      }
    }
    const nothing = new Nothing();
    expect([await nothing.get('null'), await nothing.get('null')]).toEqual([null, null]);
    expect([await nothing.get('x'), await nothing.get('x')]).toEqual([undefined, undefined]);
    expect(body).toHaveBeenCalledTimes(2);
  });

  it('expires by the clock, and then loads again', async () => {
    const { cache, clock } = newCache();
    let calls = 0;
    class Expiring {
      @Cached({ cache, ttl: '30s' })
      async get(_id: number) {
        return ++calls;
      }
    }
    const expiring = new Expiring();
    expect([await expiring.get(1), await expiring.get(1)]).toEqual([1, 1]);
    clock.jump('29999ms');
    expect(await expiring.get(1)).toBe(1);
    clock.jump('1ms');
    expect(await expiring.get(1)).toBe(2);
    expect(await expiring.get(1)).toBe(2);
  });

  it('still runs a method that was detached from its object, uncached and with a warning', async () => {
    const { cache } = newCache();
    const warned = warnings();
    const body = jest.fn();
    class Detached {
      @Cached({ cache })
      async get(id: number) {
        body(this);
        return id;
      }
    }
    const { get } = new Detached();
    expect([await get(1), await get(1)]).toEqual([1, 1]);
    expect(body.mock.calls).toEqual([[undefined], [undefined]]);
    expect(warned()).toEqual([expect.stringContaining('without its object')]);
  });

  it('goes past the cache for an argument without a key, and warns once, naming it', async () => {
    const { cache } = newCache();
    const warned = warnings();
    const body = jest.fn((value: unknown) => value);
    class Unkeyed {
      @Cached({ cache })
      async get(...values: unknown[]) {
        return body(values);
      }
    }
    const unkeyed = new Unkeyed();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    class Plain {}
    for (const value of [() => 1, Symbol('local'), cycle, new Plain()]) {
      expect(await unkeyed.get(1, value)).toEqual([1, value]);
      await unkeyed.get(1, value);
      expect(() => cacheControl(unkeyed, 'get').keyFor(1, value)).toThrow(CacheKeyError);
      expect(() => cacheControl(unkeyed, 'get').keyFor(1, value)).toThrow('Argument 1');
    }
    expect(body).toHaveBeenCalledTimes(8);
    expect(warned()).toHaveLength(1);
    expect(warned()[0]).toContain('Unkeyed.get');
    expect(warned()[0]).toContain('Argument 1');
    const { methods } = await cache.getStats();
    expect(methods.find(({ name }) => name === 'Unkeyed.get')?.cache?.bypasses).toBe(8);
  });

  it('uses the default cache, and another one from the next call after configureCache', async () => {
    const before = getCache();
    const { cache } = newCache();
    let calls = 0;
    class Following {
      @Cached()
      async get(_id: number) {
        return ++calls;
      }
      @Cached({ cache })
      async fixed() {
        return ++calls;
      }
    }
    const following = new Following();
    expect([await following.get(1), await following.get(1)]).toEqual([1, 1]);
    expect(await following.fixed()).toBe(2);
    try {
      const second = configureCache({ name: 'second' });
      expect([await following.get(1), await following.get(1)]).toEqual([3, 3]);
      expect(await following.fixed()).toBe(2);
      expect(await second.getStats()).toMatchObject({ hits: 1, misses: 1, totalKeys: 1 });
      configureCache(second.namespace('tenant'));
      expect([await following.get(1), await following.get(1)]).toEqual([4, 4]);
      expect(await second.has('tenant:Following:1:get')).toBe(true);
      configureCache(before);
      expect(await following.get(1)).toBe(1);
    } finally {
      configureCache(before);
    }
  });

  it('bypasses a cache that is disabled or closed, without an error', async () => {
    const { cache } = newCache({ enabled: false });
    const { cache: closing } = newCache();
    let calls = 0;
    class Off {
      @Cached({ cache })
      async get() {
        return ++calls;
      }
      @Cached({ cache: closing })
      async closed() {
        return ++calls;
      }
    }
    const off = new Off();
    expect([await off.get(), await off.get()]).toEqual([1, 2]);
    expect([await off.closed(), await off.closed()]).toEqual([3, 3]);
    await closing.close();
    expect([await off.closed(), await off.closed()]).toEqual([4, 5]);
  });
});

describe('the options of @Cached', () => {
  it('keyPrefix and name make the key, in which only what breaks its layout is escaped', async () => {
    const { cache } = newCache();
    class Named {
      @Cached({ cache, keyPrefix: 'user' })
      async get(id: number) {
        return id;
      }
      @Cached({ cache, keyPrefix: 'user', name: 'list' })
      async all(page: string) {
        return page;
      }
      @Cached({ cache, keyPrefix: 'a{b}%c[d]*', name: 'x?[y]~s*{z}' })
      async odd(id: unknown) {
        return id;
      }
    }
    const named = new Named();
    expect(cacheControl(named, 'get').keyFor(1)).toBe('user:1:get');
    expect(cacheControl(named, 'all').keyFor('7')).toBe('user:7:list~s');
    await Promise.all([named.get(1), named.all('7'), named.odd(1), named.odd('a{}:*%')]);
    expect(await cache.get(cacheControl(named, 'get').keyFor(1))).toBe(1);
    expect(await cache.get(cacheControl(named, 'all').keyFor('7'))).toBe('7');
  });

  it('every key that keyFor returns is the one under which the cache finds the result', async () => {
    const { cache } = newCache();
    const tenant = cache.namespace('tenant');
    class Odd {
      @Cached({ cache: tenant, keyPrefix: 'a{b}%c[d]*\u0001%25', name: 'x?[y]~s*{z}' })
      async odd(id: unknown) {
        return [id];
      }
      @Cached({ cache: tenant, key: (id: string) => `own{${id}}%` })
      async own(id: string) {
        return [id];
      }
    }
    const odd = new Odd();
    for (const id of ['a{}:*%', '1', 1, 'x'.repeat(300), '\ud800', '%u007b', ['%7B', '{']]) {
      const value = await odd.odd(id);
      expect(await tenant.get(cacheControl(odd, 'odd').keyFor(id))).toBe(value);
    }
    for (const id of ['1', '%u007b', '{', '%25']) {
      const value = await odd.own(id);
      expect(await tenant.get(cacheControl(odd, 'own').keyFor(id))).toBe(value);
    }
  });

  it('key replaces everything below the namespace, and is given this and the arguments', async () => {
    const { cache } = newCache();
    let calls = 0;
    class Keyed {
      tenant = 'acme';
      @Cached({
        cache: cache.namespace('ns'),
        key(this: Keyed, id: number) {
          return `${this.tenant}/${String(id)}`;
        },
      })
      async get(_id: number, _trace: symbol) {
        return ++calls;
      }
    }
    const keyed = new Keyed();
    expect(await keyed.get(1, Symbol('a'))).toBe(1);
    expect(await keyed.get(1, Symbol('b'))).toBe(1);
    expect(await cache.get('ns:acme/1')).toBe(1);
    keyed.tenant = 'other';
    expect(await keyed.get(1, Symbol('a'))).toBe(2);
  });

  it('a key function that fails, or returns no key, leaves the call uncached', async () => {
    const { cache } = newCache();
    const warned = warnings();
    let calls = 0;
    class BadKeys {
      @Cached({
        cache,
        key: () => {
          throw new Error('no key today');
        },
      })
      async throwing() {
        return ++calls;
      }
      @Cached({ cache, key: () => undefined as unknown as string })
      async nothing() {
        return ++calls;
      }
    }
    const bad = new BadKeys();
    expect([await bad.throwing(), await bad.throwing()]).toEqual([1, 2]);
    expect([await bad.nothing(), await bad.nothing()]).toEqual([3, 4]);
    expect(warned()).toEqual([
      expect.stringContaining('no key today'),
      expect.stringContaining('A key must be a string'),
    ]);
    expect(await cache.getStats()).toMatchObject({ totalKeys: 0 });
  });

  it('scope keeps instances apart that differ in it, and only those', async () => {
    const { cache } = newCache();
    let calls = 0;
    class Scoped {
      constructor(readonly tenant: string) {}
      @Cached({ cache, scope: (self: Scoped) => self.tenant })
      async get(_id: number) {
        return `${this.tenant} ${String(++calls)}`;
      }
      @Cached({ cache })
      async shared(_id: number) {
        return ++calls;
      }
    }
    const [acme, alsoAcme, other] = [new Scoped('acme'), new Scoped('acme'), new Scoped('other')];
    expect([await acme.get(1), await alsoAcme.get(1)]).toEqual(['acme 1', 'acme 1']);
    expect([await other.get(1), await acme.get(1)]).toEqual(['other 2', 'acme 1']);
    expect(cacheControl(acme, 'get').keyFor(1)).toBe('Scoped:1:acme:get');
    expect([await acme.shared(1), await other.shared(1)]).toEqual([3, 3]);
  });

  it('condition false goes past the cache both ways, and so does one that fails', async () => {
    const { cache } = newCache();
    const warned = warnings();
    let calls = 0;
    class Conditional {
      limit = 10;
      @Cached({
        cache,
        condition(this: Conditional, id: number) {
          if (id === 99) throw new Error('undecided');
          return id < this.limit;
        },
      })
      async get(_id: number) {
        return ++calls;
      }
    }
    const conditional = new Conditional();
    expect([await conditional.get(1), await conditional.get(1)]).toEqual([1, 1]);
    expect([await conditional.get(50), await conditional.get(50)]).toEqual([2, 3]);
    conditional.limit = 0;
    expect(await conditional.get(1)).toBe(4);
    conditional.limit = 10;
    expect(await conditional.get(1)).toBe(1);
    expect([await conditional.get(99), await conditional.get(99)]).toEqual([5, 6]);
    expect(warned()).toEqual([expect.stringContaining('undecided')]);
    const { methods } = await cache.getStats();
    expect(methods.find(({ name }) => name === 'Conditional.get')?.cache).toMatchObject({
      hits: 2,
      misses: 1,
      bypasses: 5,
    });
  });

  it('unless keeps a result out; ttl and tags may be functions of result, arguments and this', async () => {
    const { cache, clock } = newCache();
    let calls = 0;
    class Lively {
      unit = 60;
      @Cached({
        cache,
        unless: (found: { id: number }, id: number) => found.id === 0 && id === 0,
        ttl(this: Lively, found: { id: number }, id: number) {
          return found.id === id ? id * this.unit : 1;
        },
        tags: (found: { id: number }, id: number) => [
          `user-${String(found.id)}`,
          `id-${String(id)}`,
        ],
      })
      async get(id: number) {
        return { id, call: ++calls };
      }
      @Cached({ cache, ttl: () => 0 })
      async never() {
        return ++calls;
      }
    }
    const lively = new Lively();
    await lively.get(0);
    expect((await lively.get(0)).call).toBe(2);
    await lively.get(1);
    await lively.get(2);
    clock.jump('61s');
    expect((await lively.get(2)).call).toBe(4);
    expect((await lively.get(1)).call).toBe(5);
    await cache.invalidateTags('user-2');
    expect((await lively.get(2)).call).toBe(6);
    expect((await lively.get(1)).call).toBe(5);
    await cache.invalidateTags('id-1');
    expect((await lively.get(1)).call).toBe(7);
    expect([await lively.never(), await lively.never()]).toEqual([8, 9]);
    expect(cacheControl(lively, 'get').cacheInfo().ttl).toBeUndefined();
  });

  it('functions of the policy that fail cost the caller nothing, and are error events', async () => {
    const { cache } = newCache();
    const errors: unknown[] = [];
    cache.on('error', ({ error }) => errors.push(error));
    const failure = new Error('policy');
    const fail = () => {
      throw failure;
    };
    class Policies {
      @Cached({ cache, ttl: fail })
      async ttl() {
        return 'ttl';
      }
      @Cached({ cache, tags: fail })
      async tags() {
        return 'tags';
      }
      @Cached({ cache, unless: fail })
      async unless() {
        return 'unless';
      }
    }
    const policies = new Policies();
    expect(await policies.ttl()).toBe('ttl');
    expect(await policies.tags()).toBe('tags');
    expect(await policies.unless()).toBe('unless');
    expect(errors).toEqual([failure, failure, failure]);
  });

  it('cache may be a function of the instance, called each time', async () => {
    const [a, b] = [newCache().cache, newCache().cache];
    const warned = warnings();
    let calls = 0;
    class Injected {
      constructor(public store: unknown) {}
      @Cached({ cache: (self: Injected) => self.store as typeof a })
      async get(_id: number) {
        return ++calls;
      }
    }
    const [one, two] = [new Injected(a), new Injected(b)];
    expect([await one.get(1), await two.get(1)]).toEqual([1, 2]);
    expect([await one.get(1), await two.get(1)]).toEqual([1, 2]);
    one.store = b;
    expect(await one.get(1)).toBe(2);
    expect(cacheControl(one, 'get').cacheInfo()).toMatchObject({ hits: 2, misses: 1 });
    one.store = { not: 'a cache' };
    expect([await one.get(1), await one.get(1)]).toEqual([3, 4]);
    expect(warned()).toEqual([expect.stringContaining('did not return a cache')]);
  });

  it('the decorated method works on objects composed after decoration', async () => {
    const { cache } = newCache();
    const dynamic = untyped(Cached({ cache, keyPrefix: 'late' }));
    class Late {
      @dynamic
      async get(id: number) {
        return [id];
      }
    }
    const late = new Late();
    const derived = Object.create(late) as Late;
    expect(await derived.get(1)).toBe(await derived.get(1));
    expect(await late.get(1)).toBe(await derived.get(1));
  });
});
