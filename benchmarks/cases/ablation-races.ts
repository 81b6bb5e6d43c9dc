/** One race per optimization: the package with it against the package without it. */
import type * as Aurora from 'aurora-cache';

import { RedisServer } from '../../tests/support/redis/server.js';
import type { Races } from '../harness/afresh.js';
import { inFlight, oneByOne, synchronous } from '../harness/loops.js';
import type { Contestant, Measured } from '../harness/rounds.js';
import { variant, type Edit } from '../harness/variant.js';
import { row } from './redis-row.js';

type Run = Contestant['run'];

interface Trick {
  /** The operation that it speeds up. */
  readonly what: string;
  /** The changes that turn it off. */
  readonly edits: readonly Edit[];
  /** Returns the operation; `redis` is a cache on Redis, if the trick needs one. */
  readonly operation: (aurora: typeof Aurora, redis: () => Aurora.CacheManager) => Promise<Run>;
  readonly needsRedis?: boolean;
}

const ids = Array.from({ length: 1000 }, (_, i) => `user-${String(i)}`);
const queries = ids.map((name) => ({
  ...{ name, country: 'DE', limit: 10, active: true, sort: 'name' },
}));
/** Redis hits in flight. */
const WIDTH = 64;

/** Calls `find` twice for each item (an index adds an entry at its first hit), then returns the loop of hits. */
async function hitting<T>(items: readonly T[], find: (item: T) => Promise<unknown>): Promise<Run> {
  for (const item of [...items, ...items]) await find(item);
  return oneByOne(items, find);
}

const optionsOf = ({ CacheManager }: typeof Aurora) =>
  ({ name: 'find', cache: new CacheManager({ maxMemoryItems: 10_000 }) }) as const;

const oneArgument: Trick['operation'] = async (aurora) => {
  const find = aurora.cached(async (id: string) => ({ id }), optionsOf(aurora));
  return hitting(ids, find);
};

const threeArguments: Trick['operation'] = async (aurora) => {
  const find = aurora.cached(
    async (id: string, page: number, full: boolean) => ({ id, page, full }),
    optionsOf(aurora),
  );
  return hitting(ids, (id) => find(id, 7, true));
};

const objectArgument: Trick['operation'] = async (aurora) => {
  const find = aurora.cached(
    async ({ name }: (typeof queries)[number]) => ({ name }),
    optionsOf(aurora),
  );
  return hitting(queries, find);
};

const miss: Trick['operation'] = async (aurora) => {
  const find = aurora.cached(async (id: string) => ({ id }), optionsOf(aurora));
  let calls = 0;
  return oneByOne(ids, () => find(`new-${String(calls++)}`));
};

const list = ids.slice(0, 100).map((name, id) => ({ id, name, active: true, score: id / 4 }));

/** The store is in this process: most of the time is that of the codec. */
const cacheOnStore = ({ CacheManager, MemoryStore }: typeof Aurora): Aurora.CacheManager =>
  new CacheManager({ store: new MemoryStore(), memory: false, defaultTtl: '1h' });

const redisHits: Trick['operation'] = async ({ cached }, redis) => {
  let loads = 0;
  const rows = Array.from({ length: 600 }, (_, id) => id);
  const load = (id: number): Promise<object> => {
    loads++;
    return Promise.resolve(row(id, { items: 12, note: 16 }));
  };
  const find = cached(load, { name: 'row', cache: redis() });
  // A fill is not awaited: until one round has loaded nothing, hits would be loads.
  for (let before = -1; before !== loads;) {
    before = loads;
    for (const id of rows) await find(id);
  }
  return inFlight(WIDTH, rows, find);
};

export const TRICKS: Readonly<Record<string, Trick>> = {
  'argument index': {
    what: 'hit by one string argument',
    edits: [
      {
        file: 'decorators/runtime/call.ts',
        from: '? binding.single.get(first)',
        to: '? undefined',
      },
    ],
    operation: oneArgument,
  },
  'tuple index': {
    what: 'hit by three primitive arguments',
    edits: [
      {
        file: 'decorators/runtime/argument-index.ts',
        from: 'return this.tuples.find(first, second, count === 2 ? NO_ARGUMENT : third);',
        to: 'return undefined;',
      },
    ],
    operation: threeArguments,
  },
  'index of records': {
    what: 'hit by an object of five fields',
    edits: [
      {
        file: 'decorators/runtime/argument-index.ts',
        from: 'if (this.records.size === 0 || args.length !== 1) return undefined;',
        to: 'return undefined;',
      },
    ],
    operation: objectArgument,
  },
  'flattened text': {
    what: 'hit by an object of five fields',
    edits: [
      {
        file: 'decorators/runtime/argument-index.ts',
        from: 'if (text?.charCodeAt(0) !== PARENTHESIS) return undefined;',
        to: 'if (text === undefined) return undefined;',
      },
    ],
    operation: objectArgument,
  },
  'record shapes': {
    what: 'hit by an object of five fields',
    edits: [
      {
        file: 'base/keys/record-shape.ts',
        from: 'if (known !== undefined && isSame(known.names, names)) return known;',
        to: '',
      },
    ],
    operation: objectArgument,
  },
  'flat records': {
    what: 'key of an object of five fields',
    edits: [
      {
        file: 'base/keys/canonical.ts',
        from: 'return flatText(value) ?? new Encoder().nested(value);',
        to: 'return new Encoder().nested(value);',
      },
    ],
    operation: async ({ keyPart }) => synchronous(queries, keyPart),
  },
  'coarse clock': {
    what: 'hit by one string argument',
    edits: [
      {
        file: 'base/time/coarse-clock.ts',
        from: 'if (this.readings >= BUSY) this.share();',
        to: '',
      },
    ],
    operation: oneArgument,
  },
  'lazy signal': {
    what: 'memory miss',
    edits: [
      {
        file: 'cache/load/load-context.ts',
        from: 'private readonly limit?: SignalLimit,\n  ) {}',
        to: 'private readonly limit?: SignalLimit,\n  ) {\n    void this.signal;\n  }',
      },
    ],
    operation: miss,
  },
  rows: {
    what: 'hit in a store, a list of 100 records',
    edits: [
      {
        file: 'store/codec/typed-codec.ts',
        from: 'const rows = writeRows(value);',
        to: 'const rows = undefined;',
      },
    ],
    operation: async (aurora) => {
      const cache = cacheOnStore(aurora);
      await cache.set('list', list);
      return oneByOne(['list'], (key) => cache.get(key));
    },
  },
  'read-through': {
    what: `hit in Redis, ${String(WIDTH)} in flight`,
    edits: [
      {
        file: 'cache/read/get-or-load.ts',
        from: '? readThrough(core, shared, request)',
        to: '? awaitValue(core, request, undefined, undefined)',
      },
    ],
    operation: redisHits,
    needsRedis: true,
  },
};

/** With garbage collection, which runs in other threads too. */
const inProcessorTime =
  (run: Run): Run =>
  async (times) => {
    const before = process.cpuUsage();
    await run(times);
    const { user, system } = process.cpuUsage(before);
    return { nanoseconds: 1000 * (user + system) } satisfies Measured;
  };

export const races: Races = Object.fromEntries(
  Object.entries(TRICKS).map(([name, { edits, needsRedis, operation }]) => [
    name,
    async () => {
      const server = needsRedis === true ? await RedisServer.start() : undefined;
      const caches: Aurora.CacheManager[] = [];
      const contestant = async (label: string, edits: readonly Edit[]): Promise<Contestant> => {
        const aurora = await variant(`ablation-${name.replaceAll(' ', '-')}-${label}`, edits);
        const redis = (): Aurora.CacheManager => {
          const options = { memory: false, namespace: 'ablation', storeTimeout: '20s' } as const;
          const cache = new aurora.CacheManager({ redisUrl: server?.url, ...options });
          caches.push(cache);
          return cache;
        };
        const run = await operation(aurora, redis);
        return { name: label, run: inProcessorTime(run) };
      };
      const contestants = [await contestant('with', []), await contestant('without', edits)];
      const finish = async (): Promise<void> => {
        for (const cache of caches) await cache.close();
        await server?.stop();
      };
      return {
        contestants,
        finish,
        rounds: { runUp: 0.5, least: needsRedis === true ? 2 * WIDTH : 1 },
      };
    },
  ]),
);
