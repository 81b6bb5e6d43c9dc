import { synchronous } from '../harness/loops.js';
import type { BenchOptions, Table } from '../harness/report.js';
import { compete } from '../harness/rounds.js';
import type { StoreRival } from '../rivals/store.js';
import { contentsOf, KEY_LENGTH } from './replay.js';
import type { Size } from './settings.js';
import type { Trace } from './trace.js';

/** Requests of a round; longer traces are cut, so that a round ends soon. */
const SEGMENT = 200_000;
const VALUE = { id: 7, name: 'Ada Lovelace' };

/** Nanoseconds per request: a read, and a write where the store does not have the key. */
export async function speedTable(
  traces: readonly Trace[],
  size: Size,
  stores: readonly StoreRival[],
  bench: BenchOptions,
): Promise<Table> {
  const rows: (string | number)[][] = [];
  for (const trace of traces) {
    const entries = size.entriesFor(trace.keys);
    rows.push([`${trace.name}, ${entries}`, ...(await timesOf(trace, entries, stores, bench))]);
  }
  return {
    title: `ns per request: get, and set on a miss; ${size.label}`,
    columns: ['', ...stores.map(({ name }) => name)],
    rows,
    notes: [
      `Median of the rounds, in which the stores take turns; keys of ${KEY_LENGTH} characters.`,
    ],
  };
}

async function timesOf(
  trace: Trace,
  entries: number,
  stores: readonly StoreRival[],
  bench: BenchOptions,
): Promise<number[]> {
  const { texts } = contentsOf(trace);
  const requests = Array.from(trace.requests.subarray(0, SEGMENT), (key) => texts[key] as string);
  const made = stores.map(({ make, strictBound }) => make(strictBound?.(entries) ?? entries));
  try {
    const results = await compete(
      made.map((store, i) => ({
        name: stores[i]?.name ?? '',
        run: synchronous(requests, (key) => store.get(key) ?? store.set(key, VALUE)),
      })),
      bench,
      { rounds: 5, least: bench.quick ? 1 : requests.length },
    );
    return results.map(({ median }) => median);
  } finally {
    for (const store of made) store.close?.();
  }
}
