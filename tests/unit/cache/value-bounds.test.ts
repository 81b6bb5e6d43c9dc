import { deflateSync } from 'node:zlib';

import { CacheManager, DEFAULTS, type CacheOptions } from 'aurora-cache';

import { LIMITS } from '../../../src/base/options/defaults.js';
import { flush, setUp, type Setup } from './harness.js';

const sparse = (index: number): unknown => {
  const list: unknown[] = [];
  list[index] = { id: 1 };
  return list;
};
const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { value };
  return value;
};
const wide = (parts: number): unknown => Array.from({ length: parts }, () => ({}));
/** One text a thousand times: little in memory, and 1 GB as JSON. */
const repeated = (): unknown => new Array(1000).fill('x'.repeat(1_000_000));
const typed = (value: unknown): unknown => ({ at: new Date(0), value });

const LARGE: [string, () => unknown][] = [
  ['a sparse array', () => sparse(123_456_789)],
  ['the longest there is', () => sparse(4_294_967_293)],
  ['one with room for 30 million', () => ({ list: new Array(30_000_000) })],
  ['a graph of 2 million parts', () => wide(2_000_000)],
  ['values nested 100,000 deep', () => deep(100_000)],
  ['a long text', () => 'x'.repeat(5_000_000)],
  ['a text many times', repeated],
  ['a large Buffer', () => Buffer.alloc(5_000_000)],
  ['a large Map', () => new Map(Array.from({ length: 1_100_000 }, (_, i) => [i, i]))],
];
const EACH = LARGE.flatMap(([name, make]): [string, () => unknown][] => [
  [name, make],
  [`${name} beside a Date`, () => typed(make())],
]);

async function load(setup: Setup, value: unknown): Promise<unknown> {
  const loaded = await setup.cache.getOrSet('key', () => value);
  await flush();
  return loaded;
}

describe('a value that takes more than a bounded amount of work is not stored, and no error', () => {
  it.each(EACH)('encoded: %s', async (_, make) => {
    const store = new Map();
    const setup = setUp({ store, memory: false });
    const value = make();
    expect((await load(setup, value)) === value).toBe(true);
    expect(store.size).toBe(0);
    expect(setup.errors).toEqual([]);
    // The old entry is removed, since it is out of date.
    await setup.cache.set('key', 'old');
    await setup.cache.set('key', value);
    expect(store.size).toBe(0);
  });

  it.each(LARGE.slice(0, 4))('frozen, copied or measured: %s', async (_, make) => {
    const value = make();
    for (const options of [
      { memory: { freeze: true } },
      { memory: { clone: true } },
      { maxMemoryBytes: 10_000_000 },
      { maxMemoryBytes: Number.MAX_SAFE_INTEGER },
    ] as Pick<CacheOptions, 'memory'>[]) {
      const setup = setUp(options);
      expect((await load(setup, value)) === value).toBe(true);
      expect(setup.core.memory?.size).toBe(0);
      expect(setup.errors).toEqual([]);
      expect(Object.isFrozen(value)).toBe(false);
    }
  });

  it('a deep one is frozen and measured, but not copied', async () => {
    const value = deep(100_000);
    const frozen = setUp({ memory: { freeze: true }, maxMemoryBytes: 100_000_000 });
    await load(frozen, value);
    expect(frozen.core.memory?.size).toBe(1);
    expect(Object.isFrozen(value)).toBe(true);
    const cloned = setUp({ memory: { clone: true } });
    await load(cloned, value);
    expect(cloned.core.memory?.size).toBe(0);
  });

  it('stays in memory, where it costs nothing', async () => {
    const store = new Map();
    const setup = setUp({ store });
    const value = 'x'.repeat(5_000_000);
    await load(setup, value);
    expect(store.size).toBe(0);
    expect(await setup.cache.get('key')).toBe(value);
  });

  it('is warned of once for the first part of the key', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { cache } = setUp({ store: new Map(), maxValueBytes: 2000 });
    for (const id of [1, 2, 3]) await cache.set(`bounds-report:${id}`, 'x'.repeat(3000));
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringMatching(/A value of 'bounds-report…' takes more than maxValueBytes \(2000\)/),
    ]);
  });
});

describe('maxValueBytes', () => {
  it('counts the bytes of the text, up to the last one', async () => {
    const store = new Map();
    const { cache } = setUp({ store, memory: false, maxValueBytes: 2000 });
    // Tag and quotes are three more.
    await cache.set('fits', 'ä'.repeat(998) + 'a');
    await cache.set('does not', 'ä'.repeat(999));
    await cache.set('many', ['x'.repeat(990), 'y'.repeat(1010)]);
    expect([...store.keys()]).toEqual(['aurora:fits']);
  });

  it('counts what a value takes before it is compressed, and what your codec writes', async () => {
    const store = new Map();
    const codec = { tag: 'c', encode: () => 'x'.repeat(3000), decode: (text: string) => text };
    await setUp({ store, maxValueBytes: 2000, compression: true }).cache.set('a', 'x'.repeat(3000));
    await setUp({ store, maxValueBytes: 2000, codec }).cache.set('b', 1);
    expect(store.size).toBe(0);
  });

  it('a larger entry of another process is a miss, and no error', async () => {
    const store = new Map();
    await setUp({ store, maxValueBytes: 10_000 }).cache.set('key', 'x'.repeat(5000));
    const { cache, errors } = setUp({ store, maxValueBytes: 2000 });
    expect(await cache.get('key')).toBeUndefined();
    expect(errors).toEqual([]);
    expect(await setUp({ store }).cache.get('key')).toHaveLength(5000);
  });

  it.each([0, 1023, 1.5, NaN, Infinity, '4mb', LIMITS.valueBytes + 1])('%p is refused', (value) => {
    expect(() => new CacheManager({ maxValueBytes: value as number })).toThrow(
      /maxValueBytes must be a whole number from 1024 to 268435456/,
    );
  });

  it('is on by default', () => {
    expect(DEFAULTS.maxValueBytes).toBe(4 * 1024 * 1024);
  });
});

describe('bytes of others', () => {
  const header = (tags: unknown): string =>
    `A1${JSON.stringify([Date.now(), Date.now() + 1e6, Date.now() + 1e6, Date.now() + 1e4, tags])}\n`;

  async function read(text: string): Promise<{ value: unknown; errors: number; ms: number }> {
    const store = new Map([['aurora:key', text]]);
    const cache = new CacheManager({ store, memory: false });
    let errors = 0;
    cache.on('error', () => errors++);
    const start = performance.now();
    const value = await cache.get('key');
    return { value, errors, ms: performance.now() - start };
  }

  /** How long this machine takes to read a list of a megabyte. */
  let referenceMs = 0;
  beforeAll(() => {
    const start = performance.now();
    JSON.parse(`[${'[1],'.repeat(250_000)}1]`);
    referenceMs = performance.now() - start;
  });

  it('are read at all', async () => {
    expect(await read(`${header(['a'])}j1`)).toMatchObject({ value: 1, errors: 0 });
  });

  it.each<[string, string]>([
    ['of a compressed bomb', `z${deflateSync(Buffer.alloc(50_000_000, 'j')).toString('base64')}`],
    // A list of 4 billion items in five bytes.
    ['of MessagePack', `m${Buffer.from('dd7fffffff', 'hex').toString('base64')}`],
    ['of nested lists', `tj${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`],
    ['of too many', `j"${'x'.repeat(5_000_000)}"`],
    ['of no object', 'tj["~@5"]'],
    ['of an instance of nothing', 'tj["~#!","gone",1]'],
    ['of a class that is no view', 'tj["~#Function","YWJj"]'],
    ['of a view of odd length', 'tj["~#Float64Array","YWJj"]'],
    ['of an escape of nothing', 'tj["~x"]'],
    ['of no integer', 'tj["~nzz"]'],
    ['of no error', 'tj["~#Error","Object",null]'],
    ['of a record that is none', 'tj["~#null",[]]'],
  ])('%s are a miss', async (_, payload) => {
    // Again if a busy machine has held it up: what is not bounded takes long every time.
    let quickest = Infinity;
    for (let i = 0; i < 3 && quickest > 50 * referenceMs + 100; i++) {
      const { value, ms } = await read(header([]) + payload);
      expect(value).toBeUndefined();
      quickest = Math.min(quickest, ms);
    }
    expect(quickest).toBeLessThan(50 * referenceMs + 100);
  });

  it('more tags than an entry may have are a miss', async () => {
    const tags = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}`);
    expect((await read(`${header(tags(LIMITS.tagsPerEntry + 1))}j1`)).value).toBe(1);
    expect((await read(`${header(tags(LIMITS.tagsPerEntry + 2))}j1`)).value).toBeUndefined();
    expect((await read(`${header(['x'.repeat(1_000_000)])}j1`)).value).toBeUndefined();
  });
});
