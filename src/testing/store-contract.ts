import assert from 'node:assert/strict';

import type { KeyvStoreAdapter } from 'keyv';

import { checkValue, isFunction, type Check } from '../base/options/options.js';

/** A store to be tested. */
export interface StoreUnderTest {
  /** The store, empty. */
  readonly store: Pick<KeyvStoreAdapter, 'get' | 'set' | 'delete'> & Partial<KeyvStoreAdapter>;
  /**
   * Advances time by `ms` for the store: with a manual clock, or by waiting.
   *
   * @default none: the store has no expiry
   */
  readonly pass?: ((ms: number) => Promise<void>) | undefined;
  /**
   * Closes what `open` opened.
   *
   * @default none
   */
  readonly close?: (() => Promise<void>) | undefined;
}

/** One case of the contract, for any test runner. */
export interface StoreCase {
  /** A predicate whose subject is the store, such as `'deletes several keys'`. */
  readonly name: string;
  /** Opens a store, tests it and closes it; rejects if the store fails the test. */
  readonly run: () => Promise<void>;
}

const isStoreUnderTest: Check = (value) =>
  typeof (value as Partial<StoreUnderTest> | null | undefined)?.store?.get === 'function'
    ? undefined
    : '{ store, … } with a Keyv storage adapter';

type Case = (under: StoreUnderTest) => Promise<void>;

/**
 * The requirements on a Keyv storage adapter, as cases for any test runner. A case about an optional feature that
 * the adapter lacks (`getMany`, `iterator`, expiry) passes.
 *
 * @param open - Creates an empty store for each case.
 * @example
 * ```ts
 * for (const { name, run } of storeContract(() => ({ store: new MyStore() }))) test(name, run);
 * ```
 */
export function storeContract(open: () => StoreUnderTest | Promise<StoreUnderTest>): StoreCase[] {
  checkValue('storeContract: open', open, isFunction);
  return Object.entries(CASES).map(([name, trial]) => ({
    name,
    run: async () => {
      const under = await open();
      checkValue('storeContract: the result of open', under, isStoreUnderTest);
      try {
        await trial(under);
      } finally {
        await under.close?.();
      }
    },
  }));
}

const TEXTS: Readonly<Record<string, string>> = {
  'an empty string': '',
  'a string of characters from all planes': 'ä ☃ 𝄞 \u0000 \n "quoted" \\ %s',
  'a string of a megabyte': 'x'.repeat(1_048_576),
};

const CASES: Readonly<Record<string, Case>> = {
  'returns undefined for a missing key': async ({ store }) => {
    assert.equal(await store.get('absent'), undefined);
  },
  'returns the last value set': async ({ store }) => {
    await store.set('key', 'one', 60_000);
    assert.equal(await store.get('key'), 'one');
    await store.set('key', 'two', 60_000);
    assert.equal(await store.get('key'), 'two');
  },
  'returns strings unchanged': async ({ store }) => {
    for (const [what, text] of Object.entries(TEXTS)) {
      await store.set('text', text, 60_000);
      assert.ok((await store.get('text')) === text, `${what} was changed`);
    }
  },
  'distinguishes similar keys, and keys that look like patterns': async ({ store }) => {
    const keys = ['a*', 'ab', 'a?', 'a[b]', 'a\\', 'a:b', 'A', 'ä', 'a b', 'a'.repeat(300)];
    for (const key of keys) await store.set(key, `value of ${key}`, 60_000);
    for (const key of keys) assert.equal(await store.get(key), `value of ${key}`);
  },
  'deletes a key, and reports whether it existed': async ({ store }) => {
    await store.set('key', 'value', 60_000);
    assert.equal(await store.delete('key'), true);
    assert.equal(await store.get('key'), undefined);
    assert.equal(await store.delete('key'), false);
  },
  'expires entries after their ttl in milliseconds, and not before': async ({ store, pass }) => {
    if (pass === undefined) return;
    await store.set('short', 'value', 1000);
    await store.set('long', 'value', 60_000);
    assert.equal(await store.get('short'), 'value');
    await pass(1100);
    assert.equal(await store.get('short'), undefined);
    assert.equal(await store.get('long'), 'value');
  },
  'replaces the expiry along with the value': async ({ store, pass }) => {
    if (pass === undefined) return;
    await store.set('key', 'short', 200);
    await store.set('key', 'long', 60_000);
    await pass(300);
    assert.equal(await store.get('key'), 'long');
  },
  'reads several keys in order, including missing and repeated ones': async ({ store }) => {
    if (store.getMany === undefined) return;
    await store.set('a', '1', 60_000);
    await store.set('b', '2', 60_000);
    const values = await store.getMany(['b', 'absent', 'a', 'b']);
    assert.deepEqual([...values], ['2', undefined, '1', '2']);
  },
  'reports existing keys with has()': async ({ store }) => {
    if (store.has === undefined) return;
    await store.set('key', 'value', 60_000);
    assert.equal(await store.has('key'), true);
    assert.equal(await store.has('absent'), false);
  },
  'deletes several keys': async ({ store }) => {
    if (store.deleteMany === undefined) return;
    for (const key of ['a', 'b', 'c']) await store.set(key, 'value', 60_000);
    assert.equal(await store.deleteMany(['a', 'c']), true);
    assert.equal(await store.get('a'), undefined);
    assert.equal(await store.get('b'), 'value');
    assert.equal(await store.deleteMany(['a', 'absent']), false);
    // Adapters differ in whether removing only some of the keys returns true.
    await store.deleteMany(['b', 'absent']);
    assert.equal(await store.get('b'), undefined);
  },
  'lists all keys': async ({ store }) => {
    if (store.iterator === undefined) return;
    const keys = Array.from({ length: 50 }, (_, i) => `listed:${String(i)}`);
    for (const key of keys) await store.set(key, `value of ${key}`, 60_000);
    const found = new Map<unknown, unknown>();
    for await (const [key, value] of store.iterator() as AsyncIterable<unknown[]>) {
      found.set(key, value);
    }
    for (const key of keys) assert.equal(found.get(key), `value of ${key}`);
  },
  'handles many concurrent calls, each with its own result': async ({ store }) => {
    const keys = Array.from({ length: 300 }, (_, i) => `key ${String(i)}`);
    await Promise.all(keys.map(async (key) => (await store.set(key, key, 60_000)) as unknown));
    assert.deepEqual(await Promise.all(keys.map((key) => store.get(key))), keys);
  },
};
