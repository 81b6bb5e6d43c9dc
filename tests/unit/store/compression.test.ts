import { deflateSync } from 'node:zlib';

import { CacheManager, DEFAULTS, type CacheOptions, type Codec } from 'aurora-cache';

import { compressed, decompressed } from '../../../src/store/codec/compression.js';
import { setUp, type Setup } from '../cache/harness.js';

const rows = (count: number): { id: number; name: string; city: string }[] =>
  Array.from({ length: count }, (_, id) => ({ id, name: `user ${String(id)}`, city: 'Berlin' }));

/** Different digits, which deflate cannot make much of, and base64 makes longer. */
const noise = (bytes: number): string => {
  let state = 1;
  return Array.from({ length: bytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return String.fromCharCode(33 + ((state >>> 16) % 94));
  }).join('');
};

function cacheOn(store: Map<string, unknown>, options: CacheOptions = {}): Setup {
  return setUp({ store, memory: false, ...(options as object) });
}

/** The payload after the envelope's header. */
function payloadIn(store: Map<string, unknown>): string {
  const [text] = store.values();
  return String(text).slice(String(text).indexOf('\n') + 1);
}

/** An entry as a process wrote it, with another payload. */
function replacePayload(store: Map<string, unknown>, payload: string): void {
  for (const [key, text] of store) {
    store.set(key, String(text).slice(0, String(text).indexOf('\n') + 1) + payload);
  }
}

describe('compression', () => {
  it('is off by default', async () => {
    for (const compression of [undefined, false] as const) {
      const store = new Map<string, unknown>();
      await cacheOn(store, { compression }).cache.set('key', rows(1000));
      expect(payloadIn(store)).toMatch(/^r\[/);
    }
  });

  it('makes large values smaller, and brings them back with their types', async () => {
    const store = new Map<string, unknown>();
    const { cache, errors } = cacheOn(store, { compression: true });
    const plain = rows(1000);
    const typed = { at: new Date(0), rows: new Map(plain.map((row) => [BigInt(row.id), row])) };
    for (const value of [plain, typed, `${'ä ☃ 𝄞 \u0000 '.repeat(1000)}`]) {
      await cache.set('key', value);
      expect(payloadIn(store)).toMatch(/^z[\w+/]+=*$/);
      expect(await cache.get('key')).toEqual(value);
      expect((await cache.getMany(['key'])).get('key')).toEqual(value);
    }
    await cache.set('key', plain);
    expect(payloadIn(store).length * 4).toBeLessThan(JSON.stringify(plain).length);
    expect(errors).toEqual([]);
  });

  it('is read by caches that do not compress', async () => {
    const store = new Map<string, unknown>();
    await cacheOn(store, { compression: true }).cache.set('key', rows(1000));
    expect(await cacheOn(store).cache.get('key')).toEqual(rows(1000));
  });

  it('begins at the threshold, in bytes of UTF-8', () => {
    const { compressionThreshold } = DEFAULTS;
    const text = 'j'.padEnd(compressionThreshold, 'ab');
    expect(compressed(text, compressionThreshold)).toMatch(/^z/);
    expect(compressed(text.slice(1), compressionThreshold)).toBe(text.slice(1));
    expect(compressed('ä'.repeat(compressionThreshold / 2), compressionThreshold)).toMatch(/^z/);
  });

  it('takes the threshold that it is given', async () => {
    for (const [threshold, tag] of [
      [500, 'z'],
      [5000, 'r'],
    ] as const) {
      const store = new Map<string, unknown>();
      const { cache } = cacheOn(store, { compression: { threshold } });
      await cache.set('key', rows(40));
      expect(payloadIn(store).charAt(0)).toBe(tag);
    }
  });

  it('leaves alone what would not become smaller', async () => {
    const store = new Map<string, unknown>();
    const { cache } = cacheOn(store, { compression: { threshold: 1 } });
    for (const value of [1, 'short', noise(20_000)]) {
      await cache.set('key', value);
      expect(payloadIn(store)).toBe(`j${JSON.stringify(value)}`);
      expect(await cache.get('key')).toBe(value);
    }
  });

  it('works with a codec of one’s own, whose tag travels inside', async () => {
    const codec: Codec = {
      tag: 'h',
      encode: (value) => Buffer.from(JSON.stringify(value)).toString('hex'),
      decode: (text) => JSON.parse(Buffer.from(text, 'hex').toString()) as unknown,
    };
    const store = new Map<string, unknown>();
    const { cache } = cacheOn(store, { codec, compression: true });
    await cache.set('key', rows(1000));
    const payload = payloadIn(store);
    expect(payload).toMatch(/^z/);
    expect(decompressed(payload, 1_000_000)).toMatch(/^h[0-9a-f]+$/);
    expect(await cache.get('key')).toEqual(rows(1000));
    // Without the codec, its entries are misses, compressed or not.
    expect(await cacheOn(store, { compression: true }).cache.get('key')).toBeUndefined();
  });
});

describe('text that is not one of our compressed payloads', () => {
  const good = compressed(`j${JSON.stringify(rows(1000))}`, 1);
  const pack = (content: string | Buffer): string => `z${deflateSync(content).toString('base64')}`;

  it.each([
    ['nothing', 'z'],
    ['no base64', 'z!!!'],
    ['no deflate', `z${Buffer.from('no deflate').toString('base64')}`],
    ['cut short', good.slice(0, good.length / 2)],
    ['damaged', good.slice(0, 400) + (good[400] === 'A' ? 'B' : 'A') + good.slice(401)],
    ['without a codec’s tag', pack('{"id":1}')],
    ['empty inside', pack('')],
    ['compressed twice', pack(pack('j1'))],
    ['a bomb', pack(Buffer.alloc(DEFAULTS.maxValueBytes + 1, 'j'))],
    ['one of 90 kB that makes 90 MB', pack(Buffer.alloc(90_000_000, 'j'))],
  ])('is a miss: %s', async (_, payload) => {
    const store = new Map<string, unknown>();
    const { cache, errors } = cacheOn(store);
    await cache.set('key', 1);
    replacePayload(store, payload);
    expect(await cache.get('key')).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
  });
});

describe('the options', () => {
  it.each([
    ['1', 1, /compression must be true or false or \{ threshold \}; got 1/],
    ['null', null, /compression must be/],
    ['a threshold of 0', { threshold: 0 }, /threshold must be a whole number from 1/],
    ['a text', { threshold: '4kb' }, /threshold must be a whole number/],
    ['an unknown name', { treshold: 1 }, /Did you mean 'threshold'/],
  ])('are checked: %s', (_, compression, message) => {
    const create = (): unknown => new CacheManager({ compression: compression as never });
    expect(create).toThrow(message);
  });

  it('`{}` is `true`', async () => {
    const store = new Map<string, unknown>();
    await cacheOn(store, { compression: {} }).cache.set('key', rows(1000));
    expect(payloadIn(store)).toMatch(/^z/);
  });

  it.each(['j', 'm', 'r', 't', 'z'])('a codec cannot have the tag %s', (tag) => {
    const codec: Codec = { tag, encode: String, decode: String };
    expect(() => new CacheManager({ codec })).toThrow(/other than j, m, r, t and z/);
  });
});
