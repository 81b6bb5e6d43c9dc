import { isCacheError } from '../../base/errors/errors.js';
import type { MemoryEntry } from '../../memory/entry.js';
import type { CacheCore } from '../core/cache-core.js';
import type { InFlightLoad, LoadRequest } from '../load/in-flight.js';
import { loadInCycle } from '../load/load-cycle.js';
import { originOfCall } from '../load/nesting.js';
import { startLoad } from '../load/pipeline.js';
import { loadUnshared } from '../load/single-use.js';
import { canJoin } from '../load/state-machine.js';
import { reportHit, reportMiss } from '../events.js';
import { servableStale, serveStale, type StaleOutcome } from './serve-stale.js';
import { waitForLoad, type WaitingCall, type WaitOutcome } from './wait-for-load.js';

/**
 * Waits for a value: joins a load in progress or starts one, and repeats that until an outcome can be
 * returned to this caller.
 *
 * @param stale - The expired entry in memory.
 * @param started - The load that the caller has started already.
 * @returns A promise that rejects with the loader's own error, or LoadTimeoutError.
 * @internal
 */
export async function awaitValue(
  core: CacheCore,
  request: LoadRequest,
  stale: MemoryEntry | undefined,
  started: InFlightLoad | undefined,
): Promise<unknown> {
  const caller = new Caller(core, request, stale);
  for (let load = started ?? caller.findLoad(); ; load = caller.findLoad()) {
    const outcome = await waitForLoad(core, load, caller);
    // The load began before this call, and its value may have been invalidated since.
    if (caller.mustConfirm(outcome) && !(await load.fillConfirmation)) {
      caller.reject(load);
      continue;
    }
    const result = caller.take(load, outcome);
    if (result !== undefined) return result.value;
  }
}

type ValueOutcome = Extract<WaitOutcome, { readonly kind: 'value' }>;

/** The result of a call's wait: a value, or a promise of one. */
interface Result {
  readonly value: unknown;
}

/** The state of one waiting call. */
class Caller implements WaitingCall {
  readonly origin = originOfCall();
  /** Whether the present load is another call's. */
  hasJoined = false;
  /** Whether its value was known when the call joined it, which counts as a hit. */
  private wasSettled = false;
  /** Whether its value is recent enough only if its fill confirms it. */
  private awaitsFill = false;
  /** Set after waiting a full lease: the call does not wait for another process on top. */
  private hasWaited = false;
  /** A load whose fill did not confirm its value: not joined again, even if messages arrive again. */
  private rejected: InFlightLoad | undefined;
  /** Joined loads that failed, probably by another caller's signal. */
  private failures = 0;

  constructor(
    private readonly core: CacheCore,
    readonly request: LoadRequest,
    readonly stale: MemoryEntry | undefined,
  ) {}

  /** The load to wait for: one that is under way, if its value is recent enough, or a new one. */
  findLoad(): InFlightLoad {
    const { core, request } = this;
    const other = this.joinable();
    this.hasJoined = other !== undefined;
    this.wasSettled = other?.isSettled === true;
    this.awaitsFill = other?.state === 'loading' && !core.trust.canJoinAnyLoad;
    if (other === undefined) return startLoad(core, request, 'read', this.hasWaited);
    core.counters.joined++;
    return other;
  }

  mustConfirm(outcome: WaitOutcome): boolean {
    return this.awaitsFill && outcome.kind === 'value' && outcome.source === 'load';
  }

  /** The load's value is not recent enough: it is not joined again. */
  reject(load: InFlightLoad): void {
    this.rejected = load;
  }

  /**
   * Ends the wait with an outcome; `undefined` to find or start a load again.
   *
   * @throws the loader's own error.
   */
  take(load: InFlightLoad, outcome: WaitOutcome): Result | undefined {
    const { core, request, origin } = this;
    switch (outcome.kind) {
      case 'value':
        return { value: this.takeValue(outcome) };
      case 'error':
        return this.takeError(load, outcome.error);
      case 'stale':
        reportMiss(core, request);
        // Here, in the caller's context, and not in that of the timer.
        return { value: serveStale(core, request, outcome.expired, outcome.reason) };
      case 'elsewhere':
        return this.tryServeStale(load, 'lease');
      case 'overdue':
        this.hasWaited = true;
        return undefined;
      case 'cycle':
        reportMiss(core, request);
        return { value: loadInCycle(core, request, outcome.keys, origin) };
    }
  }

  private takeValue({ value, source }: ValueOutcome): unknown {
    const { core, request } = this;
    if (source === 'single-use') {
      reportMiss(core, request);
      return this.hasJoined ? loadUnshared(core, request, this.origin) : value;
    }
    if (this.wasSettled) reportHit(core, request, 'memory');
    else if (source === 'shared') reportHit(core, request, 'shared');
    else reportMiss(core, request);
    return core.values.forCaller(value);
  }

  private takeError(load: InFlightLoad, error: unknown): Result | undefined {
    const isLate = isCacheError(error) && error.code === 'ERR_LOAD_TIMEOUT';
    const served = this.tryServeStale(load, isLate ? 'timeout' : 'error');
    if (served !== undefined) return served;
    if (this.hasJoined && this.failures++ < load.node.joinerRetries) return undefined;
    reportMiss(this.core, this.request);
    throw error;
  }

  private tryServeStale(load: InFlightLoad, reason: StaleOutcome['reason']): Result | undefined {
    const { core, request } = this;
    const expired = servableStale(core, load, this.stale);
    if (expired === undefined) return undefined;
    reportMiss(core, request);
    return { value: serveStale(core, request, expired, reason) };
  }

  /** The load that the call may wait for; `undefined` when it has to start another. */
  private joinable(): InFlightLoad | undefined {
    const { loads, clock, trust, shared } = this.core;
    const { key, policy } = this.request;
    const other = loads.get(key);
    if (other === undefined || other === this.rejected) return undefined;
    const now = clock.now();
    const { leaseMs } = policy;
    if (other.isOverdue(now, leaseMs) && !loads.hasSuccessor(key, now, leaseMs)) return undefined;
    const caller = {
      canJoinAnyLoad: trust.canJoinAnyLoad,
      openBatchId: shared?.openBatchId,
      // One fill that did not confirm its value is enough.
      awaitsFill: this.rejected === undefined,
    };
    return canJoin(other, caller) ? other : undefined;
  }
}
