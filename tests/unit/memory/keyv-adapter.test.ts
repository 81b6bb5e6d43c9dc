import { MemoryStore } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';
import { Keyv } from 'keyv';

const make = (namespace?: string, store = new MemoryStore()) =>
  new Keyv<unknown>({ store, ...(namespace === undefined ? {} : { namespace }) });

async function pairs(keyv: Keyv): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const pair of keyv.iterator?.(undefined) as AsyncIterable<unknown>) found.push(pair);
  return found;
}

describe.each([undefined, 'ns'])('Keyv over a MemoryStore, namespace %p', (namespace) => {
  it('sets and gets values, falsy ones included', async () => {
    const keyv = make(namespace);
    for (const value of ['bar', 0, '', false, null, { a: [1] }]) {
      expect(await keyv.set('foo', value)).toBe(true);
      expect(await keyv.get('foo')).toEqual(value);
    }
    expect(await keyv.get('absent')).toBeUndefined();
  });

  it('has', async () => {
    const keyv = make(namespace);
    await keyv.set('foo', 1);
    expect(await keyv.has('foo')).toBe(true);
    expect(await keyv.has('fizz')).toBe(false);
  });

  it('deletes, and says whether there was something', async () => {
    const keyv = make(namespace);
    await keyv.set('foo', 1);
    expect(await keyv.delete('foo')).toBe(true);
    expect(await keyv.delete('foo')).toBe(false);
    expect(await keyv.get('foo')).toBeUndefined();
  });

  it('clears', async () => {
    const keyv = make(namespace);
    await keyv.set('foo', 1);
    await keyv.set('fizz', 1);
    await keyv.clear();
    expect(await keyv.get('foo')).toBeUndefined();
    expect(await keyv.get('fizz')).toBeUndefined();
  });

  it('getMany, setMany, deleteMany', async () => {
    const keyv = make(namespace);
    await keyv.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
      { key: 'c', value: 3 },
    ]);
    expect(await keyv.get(['a', 'x', 'c'])).toEqual([1, undefined, 3]);
    expect(await keyv.getMany(['b', 'b'])).toEqual([2, 2]);
    expect(await keyv.delete(['a', 'b'])).toBe(true);
    expect(await keyv.getMany(['a', 'b', 'c'])).toEqual([undefined, undefined, 3]);
  });

  it('iterates over all there is', async () => {
    const keyv = make(namespace);
    expect(await pairs(keyv)).toEqual([]);
    await keyv.set('a', 1);
    await keyv.set('b', 2);
    expect(await pairs(keyv)).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });
});

describe('two namespaces of one MemoryStore', () => {
  it('do not see each other, nor clear each other', async () => {
    const store = new MemoryStore();
    const a = make('a', store);
    const b = make('ab', store);
    await a.set('foo', 'a');
    await b.set('foo', 'b');
    expect(await a.get('foo')).toBe('a');
    await b.delete('foo');
    expect(await a.get('foo')).toBe('a');
    await b.set('foo', 'b');
    store.namespace = 'a';
    await store.clear();
    expect(await a.get('foo')).toBeUndefined();
    expect(await b.get('foo')).toBe('b');
  });
});

describe('the adapter itself', () => {
  it('takes lives in milliseconds, and 0 or none for no end', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore({ clock });
    await store.set('short', 1, 100);
    await store.set('zero', 2, 0);
    await store.set('none', 3);
    await store.setMany([{ key: 'many', value: 4, ttl: 100 }]);
    clock.jump('99ms');
    expect(await store.getMany(['short', 'zero', 'none', 'many'])).toEqual([1, 2, 3, 4]);
    clock.jump('1ms');
    expect(await store.has('short')).toBe(false);
    expect(await store.delete('many')).toBe(false);
    clock.jump('365d');
    expect(await store.getMany(['short', 'zero', 'none'])).toEqual([undefined, 2, 3]);
  });

  it('a read counts as use', async () => {
    const store = new MemoryStore({ maxItems: 2 });
    await store.set('a', 1);
    await store.set('b', 2);
    await store.get('a');
    await store.set('c', 3);
    expect(await store.getMany(['a', 'b', 'c'])).toEqual([1, undefined, 3]);
  });

  it('returns false for what does not fit, and rejects what cannot be copied', async () => {
    const small = new MemoryStore({ maxBytes: 1000 });
    expect(await small.set('a', 'x'.repeat(10_000))).toBe(false);
    const cloning = new MemoryStore({ clone: true });
    const outcome = cloning.set('a', () => 1);
    await expect(outcome).resolves.toBe(true);
    const refused = cloning.set('a', { call: () => 1 });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_SERIALIZATION' });
  });

  it('deleteMany says whether any was there', async () => {
    const store = new MemoryStore();
    await store.set('a', 1);
    expect(await store.deleteMany(['a', 'b'])).toBe(true);
    expect(await store.deleteMany(['a', 'b'])).toBe(false);
  });

  it('iterates below a namespace, past what has expired and what goes meanwhile', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore({ clock });
    await store.set('n:a', 1);
    await store.set('n:b', 2, 10);
    await store.set('n:c', 3);
    await store.set('m:a', 4);
    clock.jump('10ms');
    const keys: string[] = [];
    for await (const [key] of store.iterator('n')) {
      keys.push(key);
      await store.delete('n:c');
    }
    expect(keys).toEqual(['n:a']);
  });

  it('disconnect forgets everything and stops the sweep', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore({ clock });
    await store.set('a', 1);
    await store.disconnect();
    expect(store.size).toBe(0);
    expect(clock.pending).toBe(0);
    await store.set('a', 1, 500);
    await clock.advance('1s');
    expect(store.size).toBe(0);
  });
});
