import { MemoryStore, type Clock, type Eviction } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

import { SeededHash } from '../../src/memory/eviction/seeded-hash.js';
import { randomFrom } from './eviction-model.js';

/** A clock without timers: only reads and evictions find what has expired. */
export class TimerlessClock implements Clock {
  /** In ms. */
  time = 0;
  now = (): number => this.time;
  monotonic = this.now;
  setTimeout = (): undefined => undefined;
  clearTimeout = (): undefined => undefined;
}

const clock = new ManualClock();

/** Reads through a store, and counts. */
export class Reader {
  readonly store: MemoryStore;

  constructor(eviction: Eviction, maxItems: number) {
    this.store = new MemoryStore({ eviction, maxItems, clock });
  }

  /** Returns whether it was a hit. */
  read(key: string): boolean {
    if (this.store.find(key) !== undefined) return true;
    this.store.put(key, 1, Infinity);
    return false;
  }

  /** Hits among some reads, in percent. */
  hitRate(reads: number, key: (i: number) => string): number {
    let hits = 0;
    for (let i = 0; i < reads; i++) if (this.read(key(i))) hits++;
    return (100 * hits) / reads;
  }
}

/** Ranks of n keys, by Zipf's law. */
export function zipf(n: number, random: () => number): () => number {
  const sums: number[] = [];
  for (let i = 1, sum = 0; i <= n; i++) sums.push((sum += 1 / i ** 0.9));
  const total = sums.at(-1) ?? 0;
  return () => {
    const at = total * random();
    let [low, high] = [0, n - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/**
 * Hits in percent of a hot set of half the store, while keys are read that never return.
 *
 * @param before - Reads of the hot set before the scan.
 */
export function hitRateDuringScan(keys: number, before = 20_000): number {
  const random = randomFrom(1);
  const reader = new Reader('adaptive', 1000);
  const hot = (): string => `hot${Math.floor(500 * random())}`;
  reader.hitRate(before, hot);
  let hits = 0;
  for (let i = 0; i < keys; i++) {
    reader.read(`once${i}`);
    if (i % 4 === 0 && reader.read(hot())) hits++;
  }
  return (400 * hits) / keys;
}

/** A hash whose secret a seed decides, and with it the sample of keys. */
export function hashFrom(seed: number): SeededHash {
  const random = randomFrom(seed);
  return new SeededHash(Int32Array.from({ length: 256 }, () => random() * 2 ** 32));
}
