/**
 * A hit in memory through `@Cached`, against what people write by hand for the same work: an
 * asynchronous method with a template-string key, `Map.get`, and an expiry check.
 *
 *     npm run bench -- memory-hit
 */
import { Cached, cached, CacheManager, configureCache, Memoized } from 'aurora-cache';

import { compete, report } from './rounds.js';

interface User {
  readonly id: string;
  readonly name: string;
}

const HOT_KEYS = 1000;
const ids = Array.from({ length: HOT_KEYS }, (_, i) => `user-${String(i)}`);
const find = (id: string): Promise<User> => Promise.resolve({ id, name: `Name of ${id}` });

class HandWritten {
  private readonly entries = new Map<string, { readonly value: User; readonly until: number }>();

  async getUser(id: string): Promise<User> {
    const key = `user:${id}:getUser`;
    const entry = this.entries.get(key);
    if (entry !== undefined && Date.now() < entry.until) return entry.value;
    const value = await find(id);
    this.entries.set(key, { value, until: Date.now() + 300_000 });
    return value;
  }
}

const cache = configureCache(new CacheManager({ maxMemoryItems: 10 * HOT_KEYS }));

class Decorated {
  @Cached({ ttl: 300, keyPrefix: 'user' })
  async getUser(id: string): Promise<User> {
    return await find(id);
  }

  @Cached({ ttl: 300, keyPrefix: 'user' })
  async getThree(id: string, page: number, full: boolean): Promise<User> {
    return await find(`${id}${String(page)}${String(full)}`);
  }

  @Cached({ ttl: 300, keyPrefix: 'user' })
  async search(query: Query): Promise<User> {
    return await find(query.name);
  }

  @Memoized({ ttl: 300, keyPrefix: 'user' })
  label(id: string): string {
    return `Label of ${id}`;
  }
}

interface Query {
  readonly name: string;
  readonly country: string;
  readonly limit: number;
  readonly active: boolean;
  readonly sort: string;
}

const queries = ids.map((name): Query => ({
  name,
  country: 'DE',
  limit: 10,
  active: true,
  sort: 'name',
}));

const byHand = new HandWritten();
const decorated = new Decorated();
const wrapped = cached(find, { name: 'find', ttl: 300 });

/** Every key once, then hits only. */
const over =
  <T>(items: readonly T[], call: (item: T) => unknown) =>
  async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await call(items[i % items.length] as T);
  };

export async function memoryHit(): Promise<void> {
  report(
    `Hit in memory, one string argument, ${String(HOT_KEYS)} hot keys, awaited one by one`,
    await compete([
      {
        name: 'by hand (async, template key, Map, expiry)',
        run: over(ids, (id) => byHand.getUser(id)),
      },
      { name: '@Cached', run: over(ids, (id) => decorated.getUser(id)) },
      { name: 'cached()', run: over(ids, (id) => wrapped(id)) },
      { name: '@Memoized (awaited)', run: over(ids, (id) => decorated.label(id)) },
      {
        name: 'getOrSet',
        run: over(ids, (id) => cache.getOrSet(`hand:${id}`, () => find(id))),
      },
      { name: 'get', run: over(ids, (id) => cache.get(`hand:${id}`)) },
    ]),
  );

  report(
    'Hit in memory, key made of several parts',
    await compete(
      [
        {
          name: 'JSON.stringify of the five fields alone',
          run: over(queries, (query) => JSON.stringify(query)),
        },
        {
          name: '@Cached, one object of five fields',
          run: over(queries, (q) => decorated.search(q)),
        },
        {
          name: '@Cached, three primitives',
          run: over(ids, (id) => decorated.getThree(id, 1, true)),
        },
      ],
      { times: 100_000 },
    ),
  );
}
