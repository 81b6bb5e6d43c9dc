import {
  Cached,
  cacheControl,
  CacheEvict,
  CachePut,
  pattern,
  type CacheManager,
} from 'aurora-cache';
import { FaultStore } from 'aurora-cache/testing';
import { gate, newCache, warnings } from './support.js';

interface User {
  id: number;
  name: string;
}

function errorsOf(cache: CacheManager): unknown[] {
  const errors: unknown[] = [];
  cache.on('error', ({ error }) => errors.push(error));
  return errors;
}

describe('@CachePut', () => {
  function users(cache: CacheManager, before: () => Promise<unknown> = () => Promise.resolve()) {
    const load = jest.fn((id: number): User => ({ id, name: 'loaded' }));
    class Users {
      suffix = '!';
      @Cached({ cache, keyPrefix: 'user', ttl: '10s' })
      async get(id: number) {
        return load(id);
      }
      @CachePut({ cache, method: 'get' })
      async rename(id: number, name: string): Promise<User> {
        await before();
        return { id, name: name + this.suffix };
      }
      @CachePut({
        cache,
        method: 'get',
        args(this: Users, user: User, shift: number) {
          return [user.id + shift * this.suffix.length];
        },
        ttl: '1h',
      })
      async create(_shift: number, name: string): Promise<User> {
        return { id: 7, name };
      }
      @CachePut({ cache, keyPrefix: 'own', condition: (id: number) => id > 0, unless: isEmpty })
      async own(id: number, name: string): Promise<User> {
        return { id, name };
      }
    }
    return { users: new Users(), load };
  }
  const isEmpty = (user: User) => user.name === '';

  it('always runs the method, and its result is what the named method returns', async () => {
    const { cache } = newCache();
    const { users: service, load } = users(cache);
    await cache.set('user:1,0:get', 'bystander');
    const renamed = await service.rename(1, 'Ada');
    expect(renamed).toEqual({ id: 1, name: 'Ada!' });
    expect((await service.rename(1, 'Bob')).name).toBe('Bob!');
    // rename(1, 'Bob') belongs to get(1, 'Bob'), which takes no second argument.
    expect(await service.get(1)).toEqual({ id: 1, name: 'loaded' });
    expect(load).toHaveBeenCalledTimes(1);
    expect(await cache.get('user:1:Bob:get')).toEqual({ id: 1, name: 'Bob!' });
    expect(service.rename.name).toBe('rename');
    expect(service.rename).toHaveLength(2);
  });

  it('args says under which arguments, and its own options come before those of the method', async () => {
    const { cache, clock } = newCache();
    const { users: service, load } = users(cache);
    const created = await service.create(1, 'Eve');
    expect(await service.get(8)).toBe(created);
    clock.jump('59m');
    expect(await service.get(8)).toBe(created);
    expect(load).not.toHaveBeenCalled();
  });

  it('without method stores under its own name; condition and unless keep results out', async () => {
    const { cache } = newCache();
    const { users: service } = users(cache);
    await service.own(1, 'Ada');
    await service.own(0, 'Zoe');
    expect(await service.own(2, '')).toEqual({ id: 2, name: '' });
    expect(await cache.get('own:1:Ada:own')).toEqual({ id: 1, name: 'Ada' });
    expect((await cache.getStats()).totalKeys).toBe(1);
  });

  it('removes the entry instead, when something else wrote or invalidated it meanwhile', async () => {
    const { cache } = newCache();
    class Counters {
      value = 0;
      blocked: Promise<unknown> = Promise.resolve();
      @Cached({ cache, tags: ['counters'] })
      async get(_id: number) {
        return this.value;
      }
      @CachePut({ cache, method: 'get' })
      async put(_id: number) {
        await this.blocked;
        return 'put';
      }
    }
    const key = 'Counters:1:get';
    const ways: (() => unknown)[] = [
      () => cache.delete(key),
      () => cache.set(key, 'set by hand'),
      () => cache.clear('Counters:*'),
      () => cache.invalidateTags('counters'),
      () => new Counters().put(1),
    ];
    for (const way of ways) {
      const counters = new Counters();
      const { promise, open } = gate();
      counters.blocked = promise;
      await cache.set(key, 'before');
      const putting = counters.put(1);
      await way();
      open();
      expect(await putting).toBe('put');
      expect([String(way), await cache.has(key)]).toEqual([String(way), false]);
    }
    await new Counters().put(1);
    expect(await cache.get(key)).toBe('put');
  });

  it('with args, at least an invalidated tag keeps it from being stored', async () => {
    const { cache } = newCache();
    const { promise, open } = gate();
    class Late {
      @Cached({ cache, tags: ['late'] })
      async get(id: number) {
        return id;
      }
      @CachePut({ cache, method: 'get', args: (saved: { id: number }) => [saved.id] })
      async put(id: number) {
        await promise;
        return { id };
      }
    }
    const late = new Late();
    const putting = late.put(1);
    await cache.invalidateTags('late');
    open();
    await putting;
    expect(await cache.has('Late:1:get')).toBe(false);
    await late.put(2);
    expect(await cache.get('Late:2:get')).toEqual({ id: 2 });
  });

  it('a load that the put has overtaken does not overwrite it', async () => {
    const { cache } = newCache();
    const { promise, open } = gate<string>();
    class Racing {
      @Cached({ cache })
      async get(_id: number) {
        return await promise;
      }
      @CachePut({ cache, method: 'get' })
      async put(_id: number) {
        return 'new';
      }
    }
    const racing = new Racing();
    const loading = racing.get(1);
    await racing.put(1);
    open('old');
    expect(await loading).toBe('old');
    expect(await racing.get(1)).toBe('new');
  });

  it('a body that fails stores nothing, removes nothing, and its error is the own one', async () => {
    const { cache } = newCache();
    const error = new Error('constraint');
    class Failing {
      @Cached({ cache })
      async get(id: number) {
        return id;
      }
      @CachePut({ cache, method: 'get' })
      async put(_id: number): Promise<number> {
        throw error;
      }
    }
    const failing = new Failing();
    await failing.get(1);
    await expect(failing.put(1)).rejects.toBe(error);
    await expect(failing.put(2)).rejects.toBe(error);
    expect(await cache.get('Failing:1:get')).toBe(1);
    expect((await cache.getStats()).totalKeys).toBe(1);
  });

  it('a put that cannot be stored costs the caller nothing', async () => {
    const { cache } = newCache();
    const errors = errorsOf(cache);
    class Wrong {
      @CachePut({ cache, args: () => 5 as unknown as [] })
      async notAList() {
        return 'kept';
      }
      @CachePut({
        cache,
        ttl: () => {
          throw new Error('ttl');
        },
      })
      async badTtl() {
        return 'kept';
      }
    }
    const wrong = new Wrong();
    await cache.set('Wrong:badTtl', 'out of date by then');
    expect(await wrong.badTtl()).toBe('kept');
    expect(await cache.has('Wrong:badTtl')).toBe(false);
    expect(await wrong.notAList()).toBe('kept');
    expect(errors.map(String)).toContainEqual('Error: ttl');
  });

  it("tags of @CachePut do not take the entry out of the method's cacheClear", async () => {
    const { cache } = newCache();
    class Tagged {
      @Cached({ cache, key: (id: number) => `tagged:${String(id)}` })
      async get(id: number) {
        return `loaded ${String(id)}`;
      }
      @CachePut({ cache, method: 'get', tags: ['fixed'] })
      async put(id: number) {
        return `put ${String(id)}`;
      }
      @CachePut({ cache, method: 'get', tags: (_: unknown, id: number) => [`t${String(id)}`] })
      async putToo(id: number) {
        return `put ${String(id)}`;
      }
    }
    const tagged = new Tagged();
    await tagged.put(1);
    await tagged.putToo(2);
    await tagged.put(3);
    expect(await tagged.get(1)).toBe('put 1');
    await cache.invalidateTags('t2');
    expect([await cache.has('tagged:1'), await cache.has('tagged:2')]).toEqual([true, false]);
    await cacheControl(tagged, 'get').cacheClear();
    expect(await tagged.get(1)).toBe('loaded 1');
    expect(await tagged.get(3)).toBe('loaded 3');
  });

  const overtakings: [string, (cache: CacheManager) => Promise<unknown>][] = [
    ['a delete', (cache) => cache.delete('late:1:get')],
    ['a set', (cache) => cache.set('late:1:get', 'set meanwhile')],
    ['a pattern', (cache) => cache.clear('late:*')],
    ['a thousand other invalidations', (cache) => cache.deleteMany(manyKeys)],
  ];
  const manyKeys = ['late:1:get', ...Array.from({ length: 2000 }, (_, i) => `other:${i}`)];

  /** Puts `{ id: 1 }` under a key that follows with the result, after `meanwhile` has ended. */
  async function putDuring(cache: CacheManager, meanwhile: () => Promise<unknown>) {
    const { promise, open } = gate();
    class Late {
      @Cached({ cache, keyPrefix: 'late', name: 'get' })
      async get(id: number): Promise<{ id: number }> {
        return { id };
      }
      @CachePut({ cache, method: 'get', args: (result: { id: number }) => [result.id] })
      async put(id: number): Promise<{ id: number }> {
        await promise;
        return { id };
      }
    }
    const put = new Late().put(1);
    await meanwhile();
    open();
    expect(await put).toEqual({ id: 1 });
    return await cache.get('late:1:get');
  }

  it.each(overtakings)(
    'does not store what %s has overtaken, though the key follows with the result',
    async (_, overtake) => {
      const { cache } = newCache();
      const stored = await putDuring(cache, () => overtake(cache));
      expect(stored).not.toEqual({ id: 1 });
      expect(await cache.has('late:1:get')).toBe(false);
    },
  );

  it('stores under a key derived from the result, although other keys are invalidated meanwhile', async () => {
    const { cache } = newCache();
    const stored = await putDuring(cache, async () => {
      await cache.delete('late:2:get');
      await cache.clear('else:*');
    });
    expect(stored).toEqual({ id: 1 });
  });
});

describe('@CacheEvict', () => {
  function service(cache: CacheManager) {
    class Users {
      prefix = 'user';
      fail = false;
      @Cached({ cache, keyPrefix: 'user' })
      async get(id: number) {
        return [id];
      }
      @Cached({ cache, keyPrefix: 'user', tags: ['lists'] })
      async list(page: number) {
        return [page];
      }
      @CacheEvict({
        cache,
        key(this: Users, id: number) {
          return `${this.prefix}:${String(id)}:get`;
        },
      })
      async byKey(id: number) {
        if (this.fail) throw new Error('own');
        return id;
      }
      @CacheEvict({ cache, key: ['user:1:get', 'user:2:get'] })
      async byKeys() {}
      @CacheEvict({ cache, pattern: (id: unknown) => pattern`user:${id}:*` })
      async byPattern(_id: unknown) {}
      @CacheEvict({ cache, pattern: ['user:1:*', 'user:2:*'] })
      byPatternSync() {
        return 'sync';
      }
      @CacheEvict({ cache, tags: ['lists'] })
      async byTag() {}
      @CacheEvict({ cache, tags: (tag: string) => [tag] })
      async byTagOf(_tag: string) {}
      @CacheEvict({ cache, methods: ['get'] })
      async allOfGet() {}
      @CacheEvict({ cache, methods: { get: (id: number) => [id], list: true } })
      async oneOfGet(_id: number) {}
      @CacheEvict({ cache, methods: ['get', 'list'], condition: (id: number) => id > 0 })
      async conditionally(_id: number) {}
    }
    return new Users();
  }
  type Service = ReturnType<typeof service>;

  const cases: [string, (users: Service) => unknown, string[]][] = [
    ['a key', (users) => users.byKey(1), ['get 1']],
    ['several keys', (users) => users.byKeys(), ['get 1', 'get 2']],
    ['a pattern', (users) => users.byPattern(1), ['get 1', 'list 1']],
    ['what an id of * stands for, which is only itself', (users) => users.byPattern('*'), []],
    ['several patterns', (u) => u.byPatternSync(), ['get 1', 'get 2', 'list 1', 'list 2']],
    ['tags', (users) => users.byTag(), ['list 1', 'list 2']],
    ['the tags that a function returns', (users) => users.byTagOf('lists'), ['list 1', 'list 2']],
    ['all results of a method', (users) => users.allOfGet(), ['get 1', 'get 2', 'get 3']],
    ['one result of a method', (users) => users.oneOfGet(3), ['get 3', 'list 1', 'list 2']],
    ['nothing where condition is false', (users) => users.conditionally(0), []],
    [
      'all where it is true',
      (u) => u.conditionally(1),
      ['get 1', 'get 2', 'get 3', 'list 1', 'list 2'],
    ],
  ];
  it.each(cases)('removes %s, and nothing else', async (_, act, expected) => {
    const { cache } = newCache();
    const users = service(cache);
    const entries: [string, () => Promise<unknown>][] = [
      ['get 1', () => users.get(1)],
      ['get 2', () => users.get(2)],
      ['get 3', () => users.get(3)],
      ['list 1', () => users.list(1)],
      ['list 2', () => users.list(2)],
    ];
    const before = await Promise.all(entries.map(([, call]) => call()));
    await act(users);
    const after = await Promise.all(entries.map(([, call]) => call()));
    const removed = entries.filter((__, i) => before[i] !== after[i]).map(([name]) => name);
    expect(removed).toEqual(expected);
  });

  it('has removed by the time a synchronous method returns, and returns its own result', async () => {
    const { cache } = newCache();
    const users = service(cache);
    const before = await users.get(1);
    const outcome = users.byPatternSync();
    const after = users.get(1);
    expect(outcome).toBe('sync');
    expect(await after).not.toBe(before);
  });

  it('removes nothing when the body fails, and hands on its own error', async () => {
    const { cache } = newCache();
    const users = service(cache);
    const before = await users.get(1);
    users.fail = true;
    await expect(users.byKey(1)).rejects.toThrow('own');
    expect(await users.get(1)).toBe(before);
  });

  it('beforeInvocation removes first, and even if the body fails', async () => {
    const { cache } = newCache();
    const seen: boolean[] = [];
    class Early {
      @CacheEvict({ cache, key: 'early', beforeInvocation: true })
      async evict(fails: boolean) {
        seen.push(await cache.has('early'));
        if (fails) throw new Error('own');
        return 'done';
      }
      @CacheEvict({ cache, key: 'early', beforeInvocation: true })
      evictSync() {
        throw new Error('own, at once');
      }
    }
    const early = new Early();
    await cache.set('early', 1);
    await expect(early.evict(true)).rejects.toThrow('own');
    expect(await cache.has('early')).toBe(false);
    await cache.set('early', 1);
    expect(await early.evict(false)).toBe('done');
    expect(seen).toEqual([false, false]);
    await cache.set('early', 1);
    expect(() => early.evictSync()).toThrow('own, at once');
    expect(await cache.has('early')).toBe(false);
  });

  it('a removal that fails is an error event and never reaches the caller', async () => {
    const store = new FaultStore();
    const { cache, clock } = newCache({ store });
    const errors = errorsOf(cache);
    class Unlucky {
      @CacheEvict({ cache, key: 'a', pattern: '*' })
      async evict() {
        return 'done';
      }
      @CacheEvict({
        cache,
        key: () => {
          throw new Error('no key');
        },
      })
      async throwing() {
        return 'done';
      }
      @CacheEvict({ cache, methods: ['unheard'] })
      async unheard() {
        return 'done';
      }
      @CacheEvict({ cache, key: () => '' })
      sync() {
        return 'done';
      }
    }
    const unlucky = new Unlucky();
    store.inject({ error: new Error('connection lost') });
    expect(await unlucky.evict()).toBe('done');
    expect(errors.length).toBeGreaterThan(0);
    store.heal();
    errors.length = 0;
    expect(await unlucky.throwing()).toBe('done');
    expect(await unlucky.unheard()).toBe('done');
    expect(unlucky.sync()).toBe('done');
    await clock.advance('1ms');
    expect(errors.map(String)).toEqual([
      expect.stringContaining('no key'),
      expect.stringContaining("no cached method 'unheard' on Unlucky"),
      expect.stringContaining('A key must be a string'),
    ]);
  });

  it('one option that fails stops no other; nor does a call without its object', async () => {
    const { cache } = newCache();
    const errors = errorsOf(cache);
    const fail = () => {
      throw new Error('own');
    };
    class Partly {
      @CacheEvict({ cache, key: fail, pattern: 'a*', tags: ['t'], methods: { unheard: true } })
      async evict() {}
      @CacheEvict({ cache, key: 'c' })
      async detached() {}
    }
    await Promise.all([cache.set('a', 1), cache.set('b', 1, { tags: ['t'] }), cache.set('c', 1)]);
    await new Partly().evict();
    expect([...(await cache.getMany(['a', 'b', 'c'])).keys()]).toEqual(['c']);
    expect(errors.map(String)).toEqual([
      'Error: own',
      expect.stringContaining("no cached method 'unheard' on Partly"),
    ]);
    const { detached } = new Partly();
    await detached();
    expect(await cache.has('c')).toBe(false);
  });

  it('works on static methods, and on a method that is cached as well', async () => {
    const { cache } = newCache();
    let calls = 0;
    class Statics {
      @Cached({ cache })
      static async get() {
        return ++calls;
      }
      @CacheEvict({ cache, methods: ['get'] })
      static async evict() {}
      @CacheEvict({ cache, key: 'other' })
      @Cached({ cache })
      async both() {
        return ++calls;
      }
    }
    await Statics.get();
    expect(await Statics.get()).toBe(1);
    await Statics.evict();
    expect(await Statics.get()).toBe(2);
    const statics = new Statics();
    await statics.both();
    await cache.set('other', 1);
    expect(await statics.both()).toBe(3);
    expect(await cache.has('other')).toBe(false);
  });

  it('warns, once, of a method that it does not know; the call is not disturbed', async () => {
    const warned = warnings();
    const { cache } = newCache();
    const errors = errorsOf(cache);
    class Misspelt {
      @Cached({ cache, keyPrefix: 'misspelt' })
      async getUser() {
        return 1;
      }
      @CacheEvict({ cache, methods: ['getUsr'] })
      async update() {
        return 2;
      }
    }
    const misspelt = new Misspelt();
    expect([await misspelt.update(), await misspelt.update()]).toEqual([2, 2]);
    expect(errors).toHaveLength(2);
    expect(warned()).toEqual([expect.stringMatching(/@CacheEvict.*no cached method 'getUsr'/)]);
  });
});
