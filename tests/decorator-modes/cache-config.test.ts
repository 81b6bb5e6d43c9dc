import { CacheConfig, Cached, cacheControl, CacheEvict, ConfigurationError } from 'aurora-cache';
import { newCache, untyped } from './support.js';

describe('@CacheConfig', () => {
  it('gives defaults to every cached method; what a method says comes first', async () => {
    const { cache, clock } = newCache();
    const other = newCache().cache;
    let calls = 0;
    @CacheConfig({ cache, keyPrefix: 'user', ttl: '10s', tags: ['users'], scope: tenantOf })
    class Users {
      tenant = 'acme';
      @Cached()
      async get(_id: number) {
        return ++calls;
      }
      @Cached({ ttl: '1h', keyPrefix: 'long', tags: [], cache: other, scope: () => 'all' })
      async long(_id: number) {
        return ++calls;
      }
      @CacheEvict({ key: 'by hand' })
      async evict() {}
    }
    const users = new Users();
    expect([await users.get(1), await users.get(1), await users.long(1)]).toEqual([1, 1, 2]);
    expect(cacheControl(users, 'get').keyFor(1)).toBe('user:1:acme:get');
    expect(cacheControl(users, 'get').cacheInfo().ttl).toBe(10);
    expect(await other.get('long:1:all:long')).toBe(2);
    clock.jump('11s');
    expect([await users.get(1), await users.long(1)]).toEqual([3, 2]);
    await cache.invalidateTags('users');
    await other.invalidateTags('users');
    expect([await users.get(1), await users.long(1)]).toEqual([4, 2]);
    await cache.set('by hand', 1);
    await users.evict();
    expect(await cache.has('by hand')).toBe(false);
  });
  const tenantOf = (self: { tenant: string }) => self.tenant;

  it('is inherited: the subclass comes before the class, and undefined hides nothing', async () => {
    const { cache } = newCache();
    @CacheConfig({ cache, keyPrefix: 'base', ttl: '10s' })
    class Base {
      @Cached()
      async get(id: number) {
        return id;
      }
      @Cached({ ttl: '3s' })
      async own(id: number) {
        return id;
      }
    }
    @CacheConfig({ keyPrefix: undefined, ttl: '20s' })
    class Derived extends Base {}
    class Heir extends Derived {}
    @CacheConfig({ keyPrefix: 'other' })
    class Other extends Base {}
    const ttlAndKey = (type: typeof Base) => {
      const control = cacheControl(type, 'get');
      return [control.cacheInfo().ttl, control.keyFor(1)];
    };
    expect(ttlAndKey(Base)).toEqual([10, 'base:1:get']);
    expect(ttlAndKey(Derived)).toEqual([20, 'base:1:get']);
    expect(ttlAndKey(Heir)).toEqual([20, 'base:1:get']);
    expect(ttlAndKey(Other)).toEqual([10, 'other:1:get']);
    expect(cacheControl(Derived, 'own').cacheInfo().ttl).toBe(3);
    await new Heir().get(1);
    expect(await cache.has('base:1:get')).toBe(true);
  });

  it('holds for static methods too', async () => {
    const { cache } = newCache();
    @CacheConfig({ cache, keyPrefix: 'types', ttl: '7s' })
    class Types {
      @Cached()
      static async get(id: number) {
        return id;
      }
    }
    await Types.get(1);
    expect(await cache.has('types:1:static.get')).toBe(true);
    expect(cacheControl(Types, 'get').cacheInfo().ttl).toBe(7);
  });

  it('refuses unknown options, bad values, and anything but a class', () => {
    const config = untyped(CacheConfig);
    expect(() => config({ keyprefix: 'a' })).toThrow("Did you mean 'keyPrefix'?");
    expect(() => config({ ttl: 0 })).toThrow(ConfigurationError);
    expect(() => config({ tags: () => [] })).toThrow('@CacheConfig: tags must be');
    expect(() => config({ cache: {} })).toThrow('cache must be a CacheManager');
    expect(() => config(class {})).toThrow('write @CacheConfig() or @CacheConfig({ … })');
    expect(() => untyped(CacheConfig({}))({}, 'method', {})).toThrow('only decorate a class');
  });
});
