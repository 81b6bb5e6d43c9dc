import { CacheManager, type Codec } from 'aurora-cache';

import { setUp } from '../cache/harness.js';

const codec: Codec = {
  tag: 'h',
  encode: (value) => Buffer.from(JSON.stringify(value)).toString('hex'),
  decode: (text) => JSON.parse(Buffer.from(text, 'hex').toString()) as unknown,
};

describe('a codec of one’s own', () => {
  it('is used for what is shared, behind its tag', async () => {
    const store = new Map<string, unknown>();
    const { cache } = setUp({ store, codec, memory: false });
    await cache.set('key', { id: 1 });
    expect([...store.values()][0]).toMatch(/\nh[0-9a-f]+$/);
    expect(await cache.get('key')).toEqual({ id: 1 });
  });

  it('reads what the default one wrote before it came', async () => {
    const store = new Map<string, unknown>();
    const before = setUp({ store, memory: false });
    await before.cache.set('json', { id: 1 });
    await before.cache.set('typed', 1n);
    const { cache } = setUp({ store, codec, memory: false });
    expect(await cache.get('json')).toEqual({ id: 1 });
    expect(await cache.get('typed')).toBe(1n);
    await cache.set('own', 1);
    // And without it, its entries are misses.
    expect(await before.cache.get('own')).toBeUndefined();
    expect(before.errors).toHaveLength(1);
  });

  it('that fails keeps a value from the store, and nothing else', async () => {
    const store = new Map<string, unknown>();
    const error = new Error('codec');
    const fail = (): never => {
      throw error;
    };
    const { cache, errors } = setUp({ store, codec: { ...codec, encode: fail, decode: fail } });
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
    await cache.set('key', 2);
    expect(await cache.get('key')).toBe(2);
    expect(store.size).toBe(0);
    expect(errors).toEqual([error, error]);
    await new CacheManager({ store, codec }).set('key', 3);
    await cache.delete('other');
    expect(
      await setUp({ store, codec: { ...codec, decode: fail } }).cache.get('key'),
    ).toBeUndefined();
  });
});
