/**
 * The contestants of memory hits: hand-written code for the same work (an async method with a
 * template-string key, `Map.get`, an expiry check), this package, and the rivals.
 */
import { Cached, cached, CacheManager, configureCache, keyPart, Memoized } from 'aurora-cache';

import type { Race, Races } from '../harness/afresh.js';
import { oneByOne, synchronous } from '../harness/loops.js';
import { profiled } from '../harness/profile.js';
import type { BenchOptions, Table } from '../harness/report.js';
import { proven, rivalsWith } from '../harness/rivals.js';
import type { Contestant } from '../harness/rounds.js';
import { withAndWithoutCounting } from './statistics.js';

export const HOT_KEYS = 1000;
const TTL_MS = 300_000;
/** The cost of the loop itself, which every row includes. */
const FLOOR = 'no cache at all: one promise, awaited';

interface User {
  readonly id: string;
  readonly name: string;
}

interface Page {
  readonly id: string;
  readonly page: number;
  readonly full: boolean;
}

interface Query {
  readonly name: string;
  readonly country: string;
  readonly limit: number;
  readonly active: boolean;
  readonly sort: string;
}

const ids = Array.from({ length: HOT_KEYS }, (_, i) => `user-${i}`);
const pages = ids.map((id, i): Page => ({ id, page: i % 10, full: true }));
const queries = ids.map((name): Query => ({
  name,
  country: 'DE',
  limit: 10,
  active: true,
  sort: 'name',
}));
const find = (id: string): Promise<User> => Promise.resolve({ id, name: `Name of ${id}` });

class HandWritten {
  private readonly entries = new Map<string, { readonly value: User; readonly until: number }>();

  async getUser(id: string): Promise<User> {
    const key = `user:${id}:getUser`;
    const entry = this.entries.get(key);
    if (entry !== undefined && Date.now() < entry.until) return entry.value;
    const value = await find(id);
    this.entries.set(key, { value, until: Date.now() + TTL_MS });
    return value;
  }

  async getPage(id: string, page: number, full: boolean): Promise<User> {
    const key = `user:${id}:${page}:${full}:getPage`;
    const entry = this.entries.get(key);
    if (entry !== undefined && Date.now() < entry.until) return entry.value;
    const value = await find(id);
    this.entries.set(key, { value, until: Date.now() + TTL_MS });
    return value;
  }

  async search(query: Query): Promise<User> {
    const key = `user:${JSON.stringify(query)}:search`;
    const entry = this.entries.get(key);
    if (entry !== undefined && Date.now() < entry.until) return entry.value;
    const value = await find(query.name);
    this.entries.set(key, { value, until: Date.now() + TTL_MS });
    return value;
  }
}

const options = { ttl: 300, keyPrefix: 'user' };

class Decorated {
  @Cached(options)
  async getUser(id: string): Promise<User> {
    return await find(id);
  }

  @Cached(options)
  async getPage(id: string, _page: number, _full: boolean): Promise<User> {
    return await find(id);
  }

  @Cached(options)
  async search(query: Query): Promise<User> {
    return await find(query.name);
  }

  @Memoized(options)
  label(id: string): string {
    return `Label of ${id}`;
  }
}

/** One table each. */
export const races: Races = {
  one: (bench) => {
    const cache = ourCache();
    const byHand = new HandWritten();
    const decorated = new Decorated();
    const wrapped = cached(find, { name: 'find', ttl: 300 });
    const there = Promise.resolve({ id: '', name: '' });
    return against(bench, ids, find, (id) => id, [
      { name: 'by hand', run: oneByOne(ids, (id) => byHand.getUser(id)) },
      { name: '@Cached', run: oneByOne(ids, (id) => decorated.getUser(id)) },
      { name: 'cached()', run: oneByOne(ids, wrapped) },
      { name: '@Memoized, awaited', run: oneByOne(ids, (id) => decorated.label(id)) },
      {
        name: 'getOrSet',
        run: oneByOne(ids, (id) => cache.getOrSet(`hand:${id}`, () => find(id))),
      },
      { name: 'get', run: oneByOne(ids, (id) => cache.get(`hand:${id}`)) },
      { name: FLOOR, run: oneByOne(ids, () => there) },
    ]);
  },
  three: (bench) => {
    ourCache();
    const byHand = new HandWritten();
    const decorated = new Decorated();
    return against(
      bench,
      pages,
      ({ id }) => find(id),
      ({ id, page, full }) => `${id}:${page}:${full}`,
      [
        {
          name: 'by hand',
          run: oneByOne(pages, ({ id, page, full }) => byHand.getPage(id, page, full)),
        },
        {
          name: '@Cached',
          run: oneByOne(pages, ({ id, page, full }) => decorated.getPage(id, page, full)),
        },
      ],
    );
  },
  object: (bench) => {
    ourCache();
    const byHand = new HandWritten();
    const decorated = new Decorated();
    return against(
      bench,
      queries,
      ({ name }) => find(name),
      (query) => JSON.stringify(query),
      [
        {
          name: 'by hand, JSON.stringify',
          run: oneByOne(queries, (query) => byHand.search(query)),
        },
        { name: '@Cached', run: oneByOne(queries, (query) => decorated.search(query)) },
      ],
    );
  },
  /*
   * Only the text: of the argument (`keyPart`), and of a whole call from outside (`keyFor`), which has
   * to resolve the binding first. Reading a character flattens V8's rope string.
   */
  key: () => {
    const search = cached((query: Query) => find(query.name), {
      name: 'search',
      cache: ourCache(),
    });
    const text = (name: string, of: (query: Query) => string): Contestant => ({
      name,
      run: synchronous(queries, (query) => of(query).charCodeAt(1)),
    });
    return {
      contestants: [
        text('JSON.stringify', (query) => JSON.stringify(query)),
        text('keyPart', (query) => keyPart(query)),
        text('keyFor', (query) => search.keyFor(query)),
      ],
    };
  },
  statistics: async () => ({ contestants: await withAndWithoutCounting() }),
};

/** A profile of the hits. */
export async function hitProfile(bench: BenchOptions): Promise<Table> {
  ourCache();
  const decorated = new Decorated();
  const hits = oneByOne(ids, (id) => decorated.getUser(id));
  await hits(bench.quick ? 1000 : 1_000_000);
  return await profiled(
    'Profile: a second of hits through @Cached, one string argument',
    () => hits(100_000),
    bench,
  );
}

function ourCache(): CacheManager {
  return configureCache(new CacheManager({ maxMemoryItems: 10 * HOT_KEYS }));
}

/** This package, and the rivals once their calls hit. */
async function against<T>(
  bench: BenchOptions,
  items: readonly T[],
  load: (item: T) => Promise<User>,
  keyOf: (item: T) => string,
  ours: readonly Contestant[],
): Promise<Race> {
  const contestants = [...ours];
  const proofs: (() => unknown)[] = [];
  for (const { name, inMemory } of bench.rivals ? await rivalsWith('inMemory') : []) {
    const memory = await inMemory(10 * HOT_KEYS);
    const { call, verify } = await proven(name, memory, items, load, keyOf);
    contestants.push({ name, run: oneByOne(items, call) });
    proofs.push(verify, () => memory.close?.());
  }
  const finish = async (): Promise<void> => {
    for (const proof of proofs) await proof();
  };
  return { contestants, finish };
}
