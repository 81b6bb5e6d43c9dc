/** The cost of counting hits: counting cannot be turned off, so a variant of the package leaves it out. */
import { oneByOne } from '../harness/loops.js';
import type { Contestant } from '../harness/rounds.js';
import { variant, type Edit } from '../harness/variant.js';

const KEYS = Array.from({ length: 1000 }, (_, i) => `user-${i}`);
const COUNTING = ['core.counters.memoryHits++;', 'methodCounters.hits++;'].map((from): Edit => ({
  file: 'decorators/runtime/call.ts',
  from,
  to: '',
}));

export async function withAndWithoutCounting(): Promise<Contestant[]> {
  return [
    { name: 'without', run: await hits('without-statistics', COUNTING) },
    { name: 'with', run: await hits('with-statistics', []) },
  ];
}

async function hits(name: string, edits: readonly Edit[]): Promise<(times: number) => unknown> {
  const { cached, CacheManager } = await variant(name, edits);
  const cache = new CacheManager({ maxMemoryItems: 10_000 });
  const find = cached((id: string) => Promise.resolve({ id }), { name, cache });
  for (const key of KEYS) await find(key);
  return oneByOne(KEYS, find);
}
