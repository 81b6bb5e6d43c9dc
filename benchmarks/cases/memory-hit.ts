/**
 * A hit in memory through an asynchronous call: what people write by hand for the same work (an
 * async method with a template-string key, `Map.get`, an expiry check), ours, and the rivals.
 */
import { Cached, cached, CacheManager, configureCache, keyPart, Memoized } from 'aurora-cache';

import { oneByOne, synchronous } from '../harness/loops.js';
import { proven, rivalsWith } from '../harness/rivals.js';
import { atLeast, atMost, type Bar, type BenchOptions, type Report } from '../harness/report.js';
import { compete, of, timeTable, type Contestant, type Result } from '../harness/rounds.js';
import { profiled } from '../harness/profile.js';
import { statistics } from './statistics.js';

const HOT_KEYS = 1000;
const TTL_MS = 300_000;
/** What the loop itself takes of every row. */
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

export async function memoryHit(bench: BenchOptions): Promise<Report> {
  const cache = configureCache(new CacheManager({ maxMemoryItems: 10 * HOT_KEYS }));
  const byHand = new HandWritten();
  const decorated = new Decorated();
  const wrapped = cached(find, { name: 'find', ttl: 300 });

  const there = Promise.resolve({ id: '', name: '' });

  const one = await against(bench, ids, find, (id) => id, [
    { name: 'by hand', run: oneByOne(ids, (id) => byHand.getUser(id)) },
    { name: '@Cached', run: oneByOne(ids, (id) => decorated.getUser(id)) },
    { name: 'cached()', run: oneByOne(ids, wrapped) },
    { name: '@Memoized, awaited', run: oneByOne(ids, (id) => decorated.label(id)) },
    { name: 'getOrSet', run: oneByOne(ids, (id) => cache.getOrSet(`hand:${id}`, () => find(id))) },
    { name: 'get', run: oneByOne(ids, (id) => cache.get(`hand:${id}`)) },
    { name: FLOOR, run: oneByOne(ids, () => there) },
  ]);
  const again = oneByOne(ids, (id) => decorated.getUser(id));
  const profile = await profiled(
    'Profile: a second of hits through @Cached, one string argument',
    () => again(100_000),
    bench,
  );
  const three = await against(
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
  const object = await against(
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
  const keys = await keyCosts(bench, cache);
  const stats = await statistics(bench);
  await cache.close();

  const cost = of(one.results, '@Cached').median;
  return {
    tables: [
      timeTable(`One string argument, ${HOT_KEYS} hot keys, awaited one by one`, one.results, 'ns'),
      timeTable('Three primitive arguments', three.results, 'ns'),
      timeTable('One object of five fields', object.results, 'ns'),
      timeTable('Key of an object of five fields', keys, 'ns'),
      timeTable('Hit with and without the counting', stats, 'ns'),
      profile,
    ].map((table) => ({ ...table, notes: [...(table.notes ?? []), ...one.notesFor(table.title)] })),
    bars: [
      atMost('memory hit through @Cached, of hand-written', 1, of(one.results, '@Cached').ratio),
      ...one.timed.map((name): Bar => {
        const times = of(one.results, name).median / cost;
        const least = name === 'layered-loader' ? 1.3 : 4;
        return atLeast(`memory hit through @Cached, faster than ${name}`, least, times);
      }),
      atMost('key of five fields, of JSON.stringify', 1.5, of(keys, 'keyPart').ratio),
      atMost('statistics on a memory hit', 1.1, of(stats, 'with').ratio),
    ],
  };
}

interface Outcome {
  readonly results: readonly Result[];
  /** Rivals whose entries expire. */
  readonly timed: readonly string[];
  readonly notesFor: (title: string) => readonly string[];
}

/** Lets the rivals compete with ours. */
async function against<T>(
  bench: BenchOptions,
  items: readonly T[],
  load: (item: T) => Promise<User>,
  keyOf: (item: T) => string,
  ours: readonly Contestant[],
): Promise<Outcome> {
  const rivals = bench.rivals ? await rivalsWith('inMemory') : [];
  const contestants = [...ours];
  const proofs: (() => unknown)[] = [];
  for (const { name, inMemory } of rivals) {
    const memory = await inMemory(10 * HOT_KEYS);
    const { call, verify } = await proven(name, memory, items, load, keyOf);
    contestants.push({ name, run: oneByOne(items, call) });
    proofs.push(verify, () => memory.close?.());
  }
  const results = await compete(contestants, bench);
  for (const proof of proofs) await proof();
  const notes = rivals.flatMap(({ name, note }) => (note === undefined ? [] : `${name}: ${note}.`));
  return {
    results,
    timed: rivals.filter(({ hasTtl }) => hasTtl === true).map(({ name }) => name),
    notesFor: (title) => (title.includes('hot keys') ? notes : []),
  };
}

/**
 * The text alone: of the argument (`keyPart`), and of the whole call as somebody outside of it asks
 * for it (`keyFor`), who has to find out first whose key that is. Reading a character makes one text
 * of its parts, which are put together late otherwise.
 */
async function keyCosts(bench: BenchOptions, cache: CacheManager): Promise<Result[]> {
  const search = cached((query: Query) => find(query.name), { name: 'search', cache });
  const text = (name: string, of: (query: Query) => string): Contestant => ({
    name,
    run: synchronous(queries, (query) => of(query).charCodeAt(1)),
  });
  return await compete(
    [
      text('JSON.stringify', (query) => JSON.stringify(query)),
      text('keyPart', (query) => keyPart(query)),
      text('keyFor', (query) => search.keyFor(query)),
    ],
    bench,
  );
}
