import type * as Package from 'aurora-cache';

/** The package once more, as a service has it that loads ESM and CommonJS. */
function copy(): typeof Package {
  let loaded: typeof Package | undefined;
  jest.isolateModules(() => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- isolated from the other copy
    loaded = require('../../../src/index.ts') as typeof Package;
  });
  return loaded as typeof Package;
}

describe('two copies of the package in one process', () => {
  const [a, b] = [copy(), copy()];

  it('are two copies', () => {
    expect(a.CacheManager).not.toBe(b.CacheManager);
  });

  it('have one default cache', () => {
    expect(a.getCache()).toBe(b.getCache());
    const configured = b.configureCache({ name: 'of b' });
    expect(a.getCache()).toBe(configured);
    expect(a.configureCache(configured.namespace('tenant'))).toBe(b.getCache());
    b.configureCache({});
  });

  it('decorators of one work on a cache of the other', async () => {
    const cache = new b.CacheManager({ name: 'of b' });
    let calls = 0;
    class Users {
      @a.Cached({ cache, keyPrefix: 'user', tags: ['users'] })
      async get(_id: number) {
        return ++calls;
      }
      @b.CachePut({ cache, method: 'get' })
      async put(_id: number) {
        return -1;
      }
      @b.CacheEvict({ methods: ['get'], cache })
      async evict() {}
      @a.Memoized({ cache: cache.namespace('ns') })
      memo(_id: number) {
        return ++calls;
      }
    }
    const users = new Users();
    expect([await users.get(1), await users.get(1)]).toEqual([1, 1]);
    expect(users.get(1)).toBe(users.get(1));
    expect(await cache.get(b.cacheControl(users, 'get').keyFor(1))).toBe(1);
    await users.put(1);
    expect(await users.get(1)).toBe(-1);
    await cache.invalidateTags('users');
    await users.evict();
    expect(await users.get(1)).toBe(2);
    expect([users.memo(1), users.memo(1)]).toEqual([3, 3]);
    expect(b.cacheControl(users, 'get').cacheInfo()).toMatchObject({ size: 1, keyPrefix: 'user' });
    expect(b.getCachedMethods(Users).map(({ kind }) => kind)).toEqual(
      a.getCachedMethods(Users).map(({ kind }) => kind),
    );
    expect(b.getCachedMethods(Users)).toHaveLength(4);
  });

  it('decorated methods of both follow the default cache, and share the class configuration', async () => {
    @b.CacheConfig({ keyPrefix: 'shared', ttl: '7s' })
    class Shared {
      @a.Cached()
      async ofA() {
        return 'a';
      }
      @b.Cached()
      async ofB() {
        return 'b';
      }
    }
    const shared = new Shared();
    await Promise.all([shared.ofA(), shared.ofB()]);
    const cache = a.getCache();
    expect([await cache.has('shared:ofA'), await cache.has('shared:ofB')]).toEqual([true, true]);
    expect(a.cacheControl(shared, 'ofA').cacheInfo().ttl).toBe(7);
    expect(a.cacheControl(shared, 'ofB').cacheInfo().ttl).toBe(7);
  });

  it('errors of one are known to the other', () => {
    let error: unknown;
    try {
      a.Cached({ ttl: -1 });
    } catch (caught) {
      error = caught;
    }
    expect(error).not.toBeInstanceOf(b.ConfigurationError);
    expect(b.isCacheError(error)).toBe(true);
  });
});
