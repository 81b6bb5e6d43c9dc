import { cached, CacheManager } from '../../src/index.js';
import { ManualClock } from '../../src/testing/index.js';

/*
 * Prints how many bytes the first call of a cached function takes, with a load and without. Runs in a
 * separate process, since the heap of a test runner grows for other reasons.
 */

const FUNCTIONS = 500;
const ROUNDS = 3;

/** Bytes in use, those outside of V8's heap included. */
function weight(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function bytesPerFunction(loads: boolean): Promise<number> {
  const cache = new CacheManager({ clock: new ManualClock(), maxMemoryItems: 1 });
  const make = (i: number): ReturnType<typeof named> => named(cache, i);
  const call = async (fn: ReturnType<typeof make>): Promise<void> => {
    if (!loads) await cache.set(fn.keyFor(1), 1);
    await fn(1);
  };
  await call(make(-1));
  const rounds: number[] = [];
  const functions: ReturnType<typeof make>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const made = Array.from({ length: FUNCTIONS }, (_, i) => make(round * FUNCTIONS + i));
    functions.push(...made);
    const before = weight();
    for (const fn of made) await call(fn);
    rounds.push((weight() - before) / FUNCTIONS);
  }
  const least = Math.min(...rounds);
  // Used once more, so that no function is collected before.
  return functions.length === ROUNDS * FUNCTIONS ? least : NaN;
}

function named(cache: CacheManager, i: number) {
  return cached((id: number) => Promise.resolve(id), { name: `figure${String(i)}`, cache });
}

const hit = await bytesPerFunction(false);
const load = await bytesPerFunction(true);
console.log(JSON.stringify({ hit, load }));
