/** Says how many bytes the store that the command line names takes per entry. */
import { cached, CacheManager } from 'aurora-cache';

import { collectGarbage } from '../harness/garbage.js';
import { storeRivals } from '../harness/rivals.js';
import { serve } from '../harness/workers.js';
import { adaptiveStore, stores } from './memory-store-races.js';

const [, , name = '', count = ''] = process.argv;
const entries = Number(count);
const ids = Array.from({ length: entries }, (_, i) => i);
const keys = ids.map((i) => `user:${i}:find`);
const values = ids.map((id) => ({ id, name: 'Ada Lovelace' }));

const found: object[] = [];

serve(async () => {
  const fill: () => unknown = name.startsWith('cached')
    ? await cachedFiller()
    : await storeFiller();
  const before = heap();
  await fill();
  return (heap() - before) / entries;
});

/*
 * A first use allocates memory that does not belong to the entries, above all code: it happens before
 * the heap is measured.
 */

async function cachedFiller(): Promise<() => Promise<void>> {
  await fillCached(Math.min(entries, 10_000));
  return () => fillCached(entries);
}

async function fillCached(count: number): Promise<void> {
  const cache = new CacheManager({ maxMemoryItems: count });
  const find = cached((id: number) => Promise.resolve(values[id]), { name: 'find', cache });
  found.push(cache, find);
  // The promise is made by the first hit.
  for (let round = 0; round < 2; round++) {
    for (let id = 0; id < count; id++) await find(id);
  }
}

async function storeFiller(): Promise<() => void> {
  const known = [...stores, adaptiveStore].find((store) => store.name === name);
  const { make } = known ?? (await storeRivals()).find((store) => store.name === name) ?? {};
  if (make === undefined) throw new Error(`There is no store '${name}'.`);
  make(10).set('a', {});
  return () => {
    const store = make(entries);
    found.push(store);
    for (const [i, key] of keys.entries()) store.set(key, values[i] as object);
  };
}

function heap(): number {
  for (let i = 0; i < 3; i++) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
