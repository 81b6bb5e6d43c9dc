/** The store in memory alone: synchronous, bounded, with expiry and recency. */
import { MemoryStore } from 'aurora-cache';

import { synchronous } from '../harness/loops.js';
import { storeRivals } from '../harness/rivals.js';
import { atMost, type BenchOptions, type Report, type Table } from '../harness/report.js';
import { compete, of, timeTable, type Contestant, type Result } from '../harness/rounds.js';
import { Worker } from '../harness/workers.js';
import { TTL_MS, type Store, type StoreRival } from '../rivals/store.js';
import { zipf } from './zipf.js';

const ENTRIES = 10_000;
const STREAM = 200_000;

/** Ours as a rival of its own; the other end of the scale is a Map, which neither expires nor evicts. */
export const stores: readonly StoreRival[] = [
  {
    name: 'Map',
    note: 'neither bounded nor expiring; it evicts what was put in first, where it must',
    make: (entries) => {
      const map = new Map<string, object>();
      return {
        get: (key) => map.get(key),
        set: (key, value) => {
          map.set(key, value);
          if (map.size > entries) map.delete(map.keys().next().value as string);
        },
        delete: (key) => map.delete(key),
      };
    },
  },
  {
    name: 'MemoryStore',
    make: (maxItems): Store => {
      const store = new MemoryStore({ maxItems });
      return {
        get: (key) => {
          const entry = store.find(key);
          if (entry === undefined) return undefined;
          store.touch(entry);
          return entry.value;
        },
        set: (key, value) => store.put(key, value, TTL_MS),
        delete: (key) => store.drop(key),
      };
    },
  },
];

const keys = Array.from({ length: 10 * ENTRIES }, (_, i) => `user:${i}:UserService.getUser`);
const value = { id: 7, name: 'somebody' };

export async function memoryStore(bench: BenchOptions): Promise<Report> {
  const rivals = [...stores, ...(bench.rivals ? await storeRivals() : [])];
  const race = (run: (store: Store) => Contestant['run']): Promise<Result[]> =>
    compete(
      rivals.map(({ name, make }) => ({ name, run: run(make(ENTRIES)) })),
      bench,
      { least: bench.quick ? 1 : ENTRIES },
    );
  const held = shuffled(keys.slice(0, ENTRIES));
  const get = await race((store) => {
    for (const key of held) store.set(key, value);
    return synchronous(held, (key) => store.get(key));
  });
  const set = await race((store) => synchronous(keys, (key) => store.set(key, value)));
  const stream = zipf(bench.quick ? 1000 : STREAM, keys.length).map((i) => keys[i] as string);
  const mixed = await race((store) =>
    synchronous(stream, (key) => store.get(key) ?? store.set(key, value)),
  );
  const removal = await race((store) => {
    // Among others: some have a shorter way to become empty.
    for (const key of keys.slice(ENTRIES, (3 / 2) * ENTRIES)) store.set(key, value);
    return synchronous(held, (key) => {
      store.set(key, value);
      return store.delete(key);
    });
  });
  const bytes = await bytesOf(
    rivals.map(({ name }) => name),
    bench,
  );

  const against = rivals.filter(({ hasTtlAndLru }) => hasTtlAndLru === true);
  const toFastest = (results: readonly Result[]): number =>
    of(results, 'MemoryStore').median /
    Math.min(...against.map(({ name }) => of(results, name).median));
  const notes = rivals.flatMap(({ name, note }) => (note === undefined ? [] : `${name}: ${note}.`));
  return {
    tables: [
      { ...timeTable(`get, ${ENTRIES} entries, all there`, get, 'ns'), notes },
      timeTable(`set of new keys, each of which evicts one of ${ENTRIES}`, set, 'ns'),
      timeTable(
        `get, and set on a miss: Zipf over ${keys.length} keys, room for ${ENTRIES}`,
        mixed,
        'ns',
      ),
      timeTable('set and delete', removal, 'ns'),
      bytes.table,
    ],
    bars: [
      ...(against.length > 0
        ? [
            atMost('get, of the fastest rival with ttl and LRU', 1.3, toFastest(get)),
            atMost('set, of the fastest rival with ttl and LRU', 1.3, toFastest(set)),
          ]
        : []),
      atMost('bytes per entry, promise, key and index included', 250, bytes.ofCached, ' bytes'),
    ],
  };
}

/** Measured each in a process of its own, whose heap holds nothing else. */
async function bytesOf(
  names: readonly string[],
  { quick }: BenchOptions,
): Promise<{ table: Table; ofCached: number }> {
  const entries = quick ? 10_000 : 100_000;
  const rows: [string, number][] = [];
  for (const name of [...names, 'cached(), hit once']) {
    const worker = await Worker.start('store-bytes.ts', [name, String(entries)]);
    rows.push([name, await worker.ask<number>('bytes')]);
    await worker.stop();
  }
  const table: Table = {
    title: `Bytes per entry at ${entries} entries, besides key and value`,
    columns: ['', 'bytes'],
    rows,
    notes: [
      'cached(): besides argument and value; the key, the promise and the index are in the figure.',
    ],
  };
  return { table, ofCached: rows.at(-1)?.[1] ?? NaN };
}

/** In an order that has nothing to do with that of the memory. */
function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items];
  let seed = 42;
  for (let i = mixed.length - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const j = seed % (i + 1);
    [mixed[i], mixed[j]] = [mixed[j] as T, mixed[i] as T];
  }
  return mixed;
}
