import type { EntryIndex, MemoryEntry } from '../../memory/entry.js';
import type { MethodCounters } from '../../stats/method-counters.js';
import type { CacheCore } from '../core/cache-core.js';
import type { LoadOutcome, LoadRequest } from '../load/in-flight.js';
import { LazyLoadContext } from '../load/load-context.js';
import { originOfCall } from '../load/nesting.js';
import { refreshInBackground, startLoad } from '../load/pipeline.js';
import { loadUnshared } from '../load/single-use.js';
import { removeEntry } from '../write/delete.js';
import { awaitValue } from './await-value.js';
import { readThrough } from './read-through.js';
import { reportHit, reportMiss } from '../events.js';

/*
 * Reads: through the tiers, with a load if no tier has the value (here, with a fast path in `read-through.ts`
 * for the first read of the shared tier); a call's wait for its value
 * (`await-value.ts`) and for one load (`wait-for-load.ts`), expired values in place of a load's
 * (`serve-stale.ts`), and reads that do not load (`read-many.ts`).
 */

export type { EntryIndex, LoadRequest, MemoryEntry };

/**
 * Reads through the tiers, and loads the value if no tier has it.
 *
 * @returns A promise that rejects with the loader's own error, or LoadTimeoutError; nothing else.
 * @internal
 */
export function getOrLoad(core: CacheCore, request: LoadRequest): Promise<unknown> {
  if (!core.enabled) return bypass(request);
  const entry = core.trust.canUseMemory ? core.memory?.find(request.key) : undefined;
  if (entry === undefined) return loadMissing(core, request);
  const now = core.coarseClock.now();
  if (now >= entry.freshUntil) return awaitValue(core, request, entry, undefined);
  reportHit(core, request, 'memory');
  request.onEntry?.(entry);
  if (now >= entry.deadline) refreshInBackground(core, request, entry);
  return promiseOf(core, entry);
}

/**
 * A plain memory hit, which needs no request.
 *
 * @returns The entry, already counted; `undefined` when there is more to do.
 * @internal
 */
export function plainHit(
  core: CacheCore,
  key: string,
  methodCounters: MethodCounters | undefined,
): MemoryEntry | undefined {
  if (!core.trust.canUseMemory) return undefined;
  const entry = core.memory?.find(key);
  if (entry === undefined || !entry.isReady(core.coarseClock.ticks())) return undefined;
  reportHit(core, { key, methodCounters }, 'memory');
  return entry;
}

/**
 * The value of an entry as a promise: the same one for every reader, unless readers get copies.
 *
 * @internal
 */
export function promiseOf(core: CacheCore, entry: MemoryEntry): Promise<unknown> {
  if (core.memory?.protection.clones === true) {
    return Promise.resolve(core.memory.valueOf(entry));
  }
  return entry.toPromise();
}

/**
 * Loads and stores again, even if the tiers hold a fresh value. Settles when the result is
 * acknowledged, as a `set` does.
 *
 * @internal
 */
export async function reload(core: CacheCore, request: LoadRequest): Promise<unknown> {
  if (!core.enabled) {
    const value = await bypass(request);
    await removeEntry(core, request.key);
    return value;
  }
  core.invalidation.overtake(request.key);
  const origin = originOfCall();
  const load = startLoad(core, request, 'reload');
  load.node.add(origin);
  const outcome = await new Promise<LoadOutcome>((resolve) => {
    load.subscribe({ onOutcome: resolve });
  });
  load.node.remove(origin, core.clock);
  if (outcome.kind === 'elsewhere') return await getOrLoad(core, request);
  if (outcome.kind === 'error') throw outcome.error;
  await load.fillConfirmation;
  return outcome.source === 'single-use' ? outcome.value : core.values.forCaller(outcome.value);
}

/** Calls the loader, bypassing the cache. */
function bypass(request: LoadRequest): Promise<unknown> {
  if (request.methodCounters !== undefined) request.methodCounters.bypasses++;
  return new Promise((resolve) => {
    resolve(request.loader(new LazyLoadContext(request.key, undefined)));
  });
}

/** Reads a key that memory does not have. */
function loadMissing(core: CacheCore, request: LoadRequest): Promise<unknown> {
  const { key, policy } = request;
  if (core.singleUseKeys.size > 0 && core.singleUseKeys.has(key)) {
    reportMiss(core, request);
    return loadUnshared(core, request);
  }
  const shared = core.sharedFor(policy);
  const isFirst = policy.softMs === undefined && core.loads.get(key) === undefined;
  return isFirst && shared !== undefined
    ? readThrough(core, shared, request)
    : awaitValue(core, request, undefined, undefined);
}
