/** `MemoryStore` on its own, compared with other bounded, synchronous stores with expiry and LRU. */
import { competeAfresh } from '../harness/afresh.js';
import { storeRivals } from '../harness/rivals.js';
import { atMost, type BenchOptions, type Report, type Table } from '../harness/report.js';
import { timesOf, timeTable, type Result } from '../harness/rounds.js';
import { Worker } from '../harness/workers.js';
import { adaptiveStore, ENTRIES, KEYS, stores } from './memory-store-races.js';

const CACHED = 'cached(), hit once';

export async function memoryStore(bench: BenchOptions): Promise<Report> {
  const race = (name: string): Promise<Result[]> =>
    competeAfresh('memory-store-worker.ts', name, bench);
  const get = await race('get');
  const set = await race('set');
  const mixed = await race('mixed');
  const removal = await race('removal');
  const rivals = [...stores, ...(bench.rivals ? await storeRivals() : [])];
  const bytes = await bytesOf(
    [...rivals, adaptiveStore].map(({ name }) => name),
    bench,
  );

  const against = rivals.filter(({ hasTtlAndLru }) => hasTtlAndLru === true);
  const toFastest = (results: readonly Result[]): number =>
    Math.max(...against.map(({ name }) => timesOf(results, 'MemoryStore', name)));
  const notes = rivals.flatMap(({ name, note }) => (note === undefined ? [] : `${name}: ${note}.`));
  return {
    tables: [
      { ...timeTable(`get, ${ENTRIES} entries, all there`, get, 'ns'), notes },
      timeTable(`set of new keys, each of which evicts one of ${ENTRIES}`, set, 'ns'),
      timeTable(`get, and set on a miss: Zipf over ${KEYS} keys, room for ${ENTRIES}`, mixed, 'ns'),
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
      atMost('bytes per entry, adaptive, above LRU', 60, bytes.ofAdaptive, ' bytes'),
    ],
  };
}

/** Each is measured in a separate process, whose heap holds nothing else. */
async function bytesOf(
  names: readonly string[],
  { quick }: BenchOptions,
): Promise<{ table: Table; ofCached: number; ofAdaptive: number }> {
  const entries = quick ? 10_000 : 100_000;
  const rows: [string, number][] = [];
  for (const name of [...names, CACHED]) {
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
  const bytes = new Map(rows);
  const of = (name: string): number => bytes.get(name) ?? NaN;
  return {
    table,
    ofCached: of(CACHED),
    ofAdaptive: of(adaptiveStore.name) - of('MemoryStore'),
  };
}
