import type { MemoryEntry } from '../../memory/entry.js';
import type { SharedEntry } from '../../store/shared-tier.js';
import type { CacheCore } from '../core/cache-core.js';
import { acquireLoadLease } from '../lease/lazy-leases.js';
import type { Lease } from '../lease/lease.js';
import { fill, removeReplaced } from '../write/fill.js';
import { InFlightLoad, type LoadRequest } from './in-flight.js';
import { runLoader } from './run-loader.js';
import { isSingleUse } from './single-use.js';
import type { LoadPurpose } from './state-machine.js';

/*
 * How a load runs: read the shared tier, acquire the lease, run the loader, return the value, store it.
 * There is one implementation, except that `read/read-through.ts` repeats the first step, for speed.
 * `state-machine.ts` has the states and the decisions, `in-flight.ts` is one load, `load-table.ts` all of them.
 * `run-loader.ts` calls the loader: `load-context.ts` is its argument, `load-channel.ts` reports the run. Special
 * cases are results that can be read only once (`single-use.ts`), loads that wait for each other (`nesting.ts`,
 * `load-cycle.ts`), and errors from another caller's signal (`foreign-abort.ts`). Callers wait for the outcome in
 * `read/await-value.ts`, on which this folder does not depend.
 */

/** After a failed refresh, hits do not start another one for this long. */
const REFRESH_RETRY_MS = 1000;

/**
 * Starts a load, which later callers of the key join.
 *
 * @param hasWaited - Whether the caller has already waited for a lease, with a load that may be detached by
 * now.
 * @internal
 */
export function startLoad(
  core: CacheCore,
  request: LoadRequest,
  purpose: LoadPurpose,
  hasWaited = false,
): InFlightLoad {
  const load = registerLoad(core, request, purpose, hasWaited);
  const shared = core.sharedFor(request.policy);
  if (shared === undefined || purpose === 'reload') {
    if (shared !== undefined) load.ownDelay = shared.ownDelay;
    void continueLoad(core, load);
  } else {
    void load.readFrom(shared).then((found) => {
      if (!trySettleFromStore(core, load, found)) void continueLoad(core, load);
    });
  }
  return load;
}

/**
 * Adds a load to the table, where callers find it. For {@link startLoad}, and for `readThrough`, which
 * reads the shared tier itself.
 *
 * @internal
 */
export function registerLoad(
  core: CacheCore,
  request: LoadRequest,
  purpose: LoadPurpose,
  hasWaited: boolean,
): InFlightLoad {
  const { key, policy } = request;
  const before = core.loads.get(key);
  const now = core.clock.now();
  const fence = core.invalidation.openFence(key);
  const isSuccessor = hasWaited || before?.isOverdue(now, policy.leaseMs) === true;
  const load = new InFlightLoad(request, purpose, fence, now, isSuccessor);
  core.loads.add(load, before);
  return load;
}

/**
 * Ends the load with the value in the shared tier, if that is fresh enough.
 *
 * @internal
 */
export function trySettleFromStore(
  core: CacheCore,
  load: InFlightLoad,
  found: SharedEntry | undefined,
): found is SharedEntry {
  // The cost of reads weighs entries in memory, and decides which methods are worth caching.
  core.values.noteStoreRead(core.clock.now() - load.startedAt);
  const { methodCounters } = load.request;
  if (methodCounters !== undefined) methodCounters.sharedReads++;
  if (found === undefined || !load.tryAccept(found, core)) return false;
  settleFromStore(core, load, found);
  end(core, load);
  return true;
}

/**
 * The rest of a load, if the shared tier has no fresh value. Never rejects.
 *
 * @internal
 */
export async function continueLoad(core: CacheCore, load: InFlightLoad): Promise<void> {
  const shared = core.sharedFor(load.request.policy);
  let lease: Lease | undefined;
  try {
    if (shared?.isCoordinated === true) {
      const decision = await acquireLoadLease(core, shared, load);
      if (decision.kind === 'found') {
        settleFromStore(core, load, decision.entry);
        return;
      }
      if (decision.kind === 'elsewhere') {
        // Callers that read again must not find this load.
        core.loads.remove(load);
        load.settle({ kind: 'elsewhere' });
        return;
      }
      lease = decision.lease;
    } else {
      load.move('uncoordinated', core.clock.now());
    }
    await runAndFill(core, load, lease);
  } catch (error) {
    void lease?.release();
    if (load.state !== 'done') load.move('failed', core.clock.now());
    load.settle({ kind: 'error', error });
  } finally {
    end(core, load);
  }
}

async function runAndFill(
  core: CacheCore,
  load: InFlightLoad,
  lease: Lease | undefined,
): Promise<void> {
  const { key, request, purpose } = load;
  const start = core.clock.monotonic();
  const value = await runLoader(core, request, replacedValue(core, load), load.node);
  load.fence.missCost = core.clock.monotonic() - start;
  if (isSingleUse(core, key, request.methodCounters?.name, value)) {
    void lease?.release();
    if (purpose === 'reload') load.fillConfirmation = removeReplaced(core, key);
    load.move('unshareable', core.clock.now());
    load.settle({ kind: 'value', value, source: 'single-use' });
    return;
  }
  const filling = fill(core, load, value, lease);
  load.fillConfirmation = filling;
  load.move('loaded', core.clock.now());
  load.settle({ kind: 'value', value, source: 'load' });
  // The load stays in the table until its fill has settled, so that no second one starts meanwhile.
  if (filling !== undefined) await filling;
  load.move('filled', core.clock.now());
}

function end(core: CacheCore, load: InFlightLoad): void {
  core.invalidation.fences.close(load.fence);
  core.loads.remove(load);
}

/**
 * Loads the value of a hit again, while callers are still served the present one.
 *
 * @param entry - The entry in memory, if the hit was there.
 * @internal
 */
export function refreshInBackground(
  core: CacheCore,
  request: LoadRequest,
  entry: MemoryEntry | undefined,
): void {
  // A listener may have removed the entry since it was found: a refresh must not restore it.
  if (entry?.held === false || core.loads.get(request.key) !== undefined) return;
  core.counters.refreshes++;
  if (core.events.hasListeners('refresh')) core.events.emit('refresh', { key: request.key });
  // The next hits need not check again while this one is under way.
  if (entry !== undefined) {
    entry.postpone(Math.min(entry.freshUntil, core.clock.now() + REFRESH_RETRY_MS));
  }
  startLoad(core, request, 'refresh-ahead');
}

function settleFromStore(core: CacheCore, load: InFlightLoad, found: SharedEntry): void {
  const { request } = load;
  const now = core.clock.now();
  const life = load.lifeOf(found);
  load.move('found', now);
  load.fence.missCost = core.values.storeReadMs;
  const kept = core.values.fill(load.fence, found.value, life, found.tags, found.tagClock);
  if (kept !== undefined) request.onEntry?.(kept);
  load.settle({ kind: 'value', value: found.value, source: 'shared' });
  // With a memory tier, the next hit there starts the refresh.
  if (core.memory !== undefined || life.refreshAt === undefined) return;
  if (now < life.refreshAt || !core.refreshes.isDue(request.key, now)) return;
  core.refreshes.note(request.key, now + REFRESH_RETRY_MS);
  core.loads.remove(load);
  refreshInBackground(core, request, undefined);
}

/** The value that the load replaces, which the loader may be able to confirm. */
function replacedValue(core: CacheCore, load: InFlightLoad): unknown {
  if (load.stale !== undefined) return core.values.forCaller(load.stale.value);
  const entry = core.memory?.find(load.key);
  return entry === undefined ? undefined : core.memory?.valueOf(entry);
}
