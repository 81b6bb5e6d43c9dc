import type * as Package from 'aurora-cache';
import { CacheManager, configureCache, getCache, invalidateCache } from 'aurora-cache';

import { defaultHolder } from '../../../src/cache/default-cache.js';
import { coreOf } from './harness.js';

const environment = { ...process.env };

beforeEach(() => {
  defaultHolder.current = undefined;
});
afterEach(async () => {
  process.env = { ...environment };
  await defaultHolder.current?.close();
  defaultHolder.current = undefined;
});

describe('the default cache', () => {
  it('is made on first use, and is one', () => {
    expect(defaultHolder.current).toBeUndefined();
    expect(getCache()).toBe(getCache());
  });

  it('takes its options from the environment', () => {
    Object.assign(process.env, {
      AURORA_NAMESPACE: 'shop',
      AURORA_DEFAULT_TTL: '90',
      AURORA_MAX_MEMORY_ITEMS: '7',
    });
    expect(coreOf(getCache()).options).toMatchObject({
      namespace: 'shop',
      load: { ttl: 90_000 },
      maxMemoryItems: 7,
      enabled: true,
    });
  });

  it.each([
    ['AURORA_DEFAULT_TTL', '5m', { load: { ttl: 300_000 } }],
    ['AURORA_DEFAULT_TTL', '', { load: { ttl: 300_000 } }],
    ['AURORA_ENABLED', 'false', { enabled: false }],
    ['AURORA_ENABLED', 'OFF', { enabled: false }],
    ['AURORA_ENABLED', '1', { enabled: true }],
  ])('reads %s=%s', (name, value, expected) => {
    process.env[name] = value;
    expect(coreOf(getCache()).options).toMatchObject(expected);
  });

  it.each([
    ['AURORA_DEFAULT_TTL', 'soon'],
    ['AURORA_DEFAULT_TTL', '0'],
    ['AURORA_MAX_MEMORY_ITEMS', 'many'],
    ['AURORA_MAX_MEMORY_ITEMS', '0'],
    ['AURORA_NAMESPACE', 'a:b'],
    ['AURORA_ENABLED', 'perhaps'],
  ])('refuses %s=%s', (name, value) => {
    process.env[name] = value;
    expect(() => getCache()).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIGURATION' }) as Error,
    );
  });

  it('configureCache creates it, or takes an existing one', async () => {
    const before = getCache();
    await before.set('key', 1);
    const made = configureCache({ defaultTtl: '1m' });
    expect(getCache()).toBe(made);
    expect(made).not.toBe(before);
    expect(await before.get('key')).toBe(1);
    const own = new CacheManager();
    expect(configureCache(own)).toBe(own);
    expect(getCache()).toBe(own);
  });

  it('a bad configuration leaves the one before in place', () => {
    const before = getCache();
    expect(() => configureCache({ defaultTtl: 0 })).toThrow(/defaultTtl/);
    expect(getCache()).toBe(before);
  });

  it('is one object for every copy of the package that is loaded', () => {
    const mine = getCache();
    let theirs: unknown;
    jest.isolateModules(() => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- a second copy
      const copy = require('aurora-cache') as typeof Package;
      expect(copy.CacheManager).not.toBe(CacheManager);
      theirs = copy.getCache();
      // The other copy recognises a cache of this one.
      expect(copy.configureCache(mine)).toBe(mine);
    });
    expect(theirs).toBe(mine);
  });

  it('invalidateCache clears by pattern', async () => {
    await getCache().set('user:1', 1);
    await getCache().set('order:1', 1);
    expect(await invalidateCache('user:*')).toBe(1);
    expect(await getCache().has('order:1')).toBe(true);
  });
});
