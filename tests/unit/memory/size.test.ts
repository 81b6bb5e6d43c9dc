import { MemoryStore } from 'aurora-cache';

import { estimateSize } from '../../../src/memory/size.js';
import { setUp } from '../cache/harness.js';

const size = (value: unknown): number => estimateSize(value, Infinity);
const text = 'x'.repeat(100_000);

describe('the estimate', () => {
  it.each<[string, () => unknown, number]>([
    ['the message of an error', () => new Error(text), 200_000],
    ['its cause', () => new Error('x', { cause: text }), 200_000],
    ['an error in a list', () => [new TypeError(text)], 200_000],
    ['all bytes behind a slice', () => Buffer.alloc(1_000_000).subarray(5, 10), 1_000_000],
    ['those behind a view', () => new DataView(new ArrayBuffer(1_000_000), 0, 1), 1_000_000],
    ['shared memory', () => new SharedArrayBuffer(1_000_000), 1_000_000],
    ['a large integer', () => 1n << 8_000_000n, 1_000_000],
  ])('counts %s', (_, make, atLeast) => {
    expect(size(make())).toBeGreaterThan(atLeast);
  });

  it('counts bytes that several views show once', () => {
    const bytes = Buffer.alloc(1_000_000);
    expect(size([bytes, bytes.subarray(1), bytes.subarray(2)])).toBeLessThan(1_100_000);
  });
});

describe('200 MB that look like little do not fit into 1 MB', () => {
  it.each<[string, (i: number) => unknown]>([
    ['messages of errors', (i) => new Error(String(i).padEnd(200_000, 'x'))],
    ['slices of buffers', () => Buffer.alloc(200_000).subarray(0, 10)],
  ])('%s', (_, make) => {
    const store = new MemoryStore({ maxItems: 10_000, maxBytes: 1_000_000 });
    for (let i = 0; i < 1000; i++) store.put(`key ${i}`, make(i), Infinity);
    expect(store.size).toBeGreaterThan(0);
    expect(store.size).toBeLessThanOrEqual(5);
  });
});

describe('sizeOf', () => {
  it.each([-1000, NaN, '5', undefined, null])(
    '%p is no size: the value is not kept',
    async (bytes) => {
      const { cache, core, errors } = setUp({
        maxMemoryBytes: 10_000,
        memory: { sizeOf: () => bytes as number },
      });
      await cache.set('key', 1);
      expect(await cache.getOrSet('other', () => 'loaded')).toBe('loaded');
      expect(core.memory).toMatchObject({ size: 0, bytes: 0 });
      expect(errors).toHaveLength(2);
      expect(String(errors[0])).toMatch(
        /sizeOf must return a number of bytes that is not negative/,
      );
    },
  );

  it('Infinity is one that does not fit, which is no error', async () => {
    const options = { maxMemoryBytes: 10_000, memory: { sizeOf: () => Infinity } };
    const { cache, core, errors } = setUp(options);
    await cache.set('key', 1);
    expect(core.memory?.size).toBe(0);
    expect(errors).toEqual([]);
  });
});
