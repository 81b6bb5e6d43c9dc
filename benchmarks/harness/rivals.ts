import { deepStrictEqual } from 'node:assert/strict';

import type { Rival, RivalCache } from '../rivals/rival.js';
import type { StoreRival } from '../rivals/store.js';

/** Files of `rivals/`, in the order of the tables. */
const FILES = [
  ...['layered-loader', 'async-cache-dedupe', 'p-memoize', 'typescript-memoize', 'cache-manager'],
  ...['cacheable', 'bentocache', 'type-cacheable', 'node-redis', 'keyv'],
] as const;

const STORES: readonly string[] = [
  ...['lru-cache', 'quick-lru', 'tiny-lru', 'lru-min'],
  ...['sieve-cache', 'transitory'],
];

/**
 * The rivals that can do something. They are named at run time: what they import is installed by
 * `npm run bench`, and the rest of the repository does without.
 */
export async function rivalsWith<K extends 'inMemory' | 'inRedis'>(
  ability: K,
): Promise<(Rival & Required<Pick<Rival, K>>)[]> {
  const found: (Rival & Required<Pick<Rival, K>>)[] = [];
  for (const file of FILES) {
    const rival = await imported<Rival>(file);
    if (rival[ability] !== undefined) found.push(rival as (typeof found)[number]);
  }
  return found;
}

/** The rivals of the memory store. */
export async function storeRivals(): Promise<StoreRival[]> {
  return await Promise.all(STORES.map((file) => imported<StoreRival>(file)));
}

async function imported<T>(file: string): Promise<T> {
  return ((await import(`../rivals/${file}.ts`)) as { rival: T }).rival;
}

/** A function behind a cache, and a proof that its calls hit. */
export interface Proven<T> {
  readonly call: (item: T) => Promise<object>;
  /** @throws when a call has run the function since. */
  readonly verify: () => void;
}

/** How often a rival may be seen to load before it is said that it does not hit. */
const MOST_ROUNDS = 20;

/**
 * Puts a cache in front of a function, fills it, and checks that it returns every result from then on.
 *
 * @throws when it goes on running the function, or returns something else.
 */
export async function proven<T>(
  name: string,
  { memoize }: Pick<RivalCache, 'memoize'>,
  items: readonly T[],
  load: (item: T) => Promise<object>,
  keyOf: (item: T) => string,
): Promise<Proven<T>> {
  let loads = 0;
  const counting = (item: T): Promise<object> => {
    loads++;
    return load(item);
  };
  // Some share a Redis, and two of them the form of their keys.
  const call = memoize(name.replaceAll(/\W+/g, '-'), counting, keyOf);
  for (const item of items) await call(item);
  let filled = NaN;
  for (let rounds = 0; loads !== filled; rounds++) {
    if (rounds === MOST_ROUNDS)
      throw new Error(`${name}: it loads again and again; it does not hit.`);
    filled = loads;
    // Some store in the background, and take their time while the machine is busy.
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const item of items) {
      deepStrictEqual(await call(item), await load(item), `${name} returns something else.`);
    }
  }
  const verify = (): void => {
    if (loads === filled) return;
    throw new Error(`${name}: ${loads - filled} loads while it should have hit.`);
  };
  return { call, verify };
}
