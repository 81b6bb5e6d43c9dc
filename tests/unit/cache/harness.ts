import { CacheManager, type CacheOptions } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

import type { CacheCore } from '../../../src/cache/core/cache-core.js';
import { CORE } from '../../../src/cache/manager.js';

/** A promise that the test settles, and whether it has. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T = unknown>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Lets everything run that can run without a timer. */
export async function flush(turns = 4): Promise<void> {
  for (let i = 0; i < turns; i++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

export function coreOf(cache: CacheManager): CacheCore {
  return cache[CORE].core;
}

export interface Setup {
  readonly cache: CacheManager;
  readonly clock: ManualClock;
  readonly core: CacheCore;
  /** The errors of `error` events. */
  readonly errors: unknown[];
}

/** A cache under a clock that stands still. */
export function setUp(options: CacheOptions & { clock?: ManualClock } = {}): Setup {
  const { clock = new ManualClock() } = options;
  const cache = new CacheManager({ ...options, clock });
  const errors: unknown[] = [];
  cache.on('error', ({ error }) => errors.push(error));
  return { cache, clock, core: coreOf(cache), errors };
}

/** Nothing may be left of operations that are over: no fence, no flight, no queued write. */
export function expectIdle({ core }: Setup): void {
  expect({
    fences: core.invalidation.fences.size,
    flights: core.loads.size,
    writes: core.writes.size,
  }).toEqual({ fences: 0, flights: 0, writes: 0 });
}

/** The outcome of a promise, as far as it is known without waiting for a timer. */
export async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = 'pending';
  promise.then(
    () => (state = 'fulfilled'),
    () => (state = 'rejected'),
  );
  await flush();
  return state;
}
