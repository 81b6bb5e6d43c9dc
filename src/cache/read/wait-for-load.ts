import type { TimerHandle } from '../../base/time/clock.js';
import { LIMITS } from '../../base/options/defaults.js';
import type { MemoryEntry } from '../../memory/entry.js';
import type { CacheCore } from '../core/cache-core.js';
import type { InFlightLoad, LoadOutcome, LoadRequest, LoadSubscriber } from '../load/in-flight.js';
import type { CallOrigin } from '../load/nesting.js';
import { servableStale, type StaleOutcome } from './serve-stale.js';

/**
 * How a call's wait for a load ends: with the load's outcome, or earlier
 *
 * - `stale`: an expired value is served, once the load has taken longer than `softTimeout`, or has to wait for
 *   another process;
 * - `overdue`: the load of another call has been under way for a lease term;
 * - `cycle`: the load of another call waits for this one. A loader requested its own key, or two requested
 *   each other's.
 */
export type WaitOutcome =
  | LoadOutcome
  | StaleOutcome
  | { readonly kind: 'overdue' }
  /** `keys`: of the loads, from the one that made the call to the one that it joined. */
  | { readonly kind: 'cycle'; readonly keys: readonly string[] };

/** A call, and what it may wait for. */
export interface WaitingCall {
  readonly request: LoadRequest;
  /** Where the call was made; `undefined` if not inside a load. */
  readonly origin: CallOrigin | undefined;
  /** The expired entry in memory. */
  readonly stale: MemoryEntry | undefined;
  /** Whether another call has started the load. */
  readonly hasJoined: boolean;
}

/**
 * Waits for a load, as far as the call may.
 *
 * @internal
 */
export function waitForLoad(
  core: CacheCore,
  load: InFlightLoad,
  call: WaitingCall,
): Promise<WaitOutcome> {
  return new Promise((resolve) => {
    new Wait(core, load, call, resolve).begin();
  });
}

class Wait implements LoadSubscriber {
  /** Whether the load has taken longer than `softTimeout`. */
  private isLate = false;
  private timer: TimerHandle = undefined;

  constructor(
    private readonly core: CacheCore,
    private readonly load: InFlightLoad,
    private readonly call: WaitingCall,
    private readonly resolve: (outcome: WaitOutcome) => void,
  ) {}

  begin(): void {
    const { load, call } = this;
    load.node.add(call.origin);
    load.subscribe(this);
    if (load.isSettled) return;
    if (call.hasJoined) this.limit();
    if (!this.acceptsStale) return;
    this.startSoftTimeout();
    this.serveStaleIfDue();
  }

  onOutcome(outcome: LoadOutcome): void {
    this.end(outcome);
  }

  /** The shared tier has returned a stale value, or another process is loading. */
  onStale(): void {
    if (this.acceptsStale) this.serveStaleIfDue();
  }

  onOverdue(): void {
    if (this.call.hasJoined) this.end({ kind: 'overdue' });
  }

  /** Without a time-out, only another process's load can make a stale value necessary. */
  private get acceptsStale(): boolean {
    const { shared } = this.core;
    const { stale, request } = this.call;
    if (request.policy.softMs !== undefined) return stale !== undefined || shared !== undefined;
    return stale !== undefined && shared?.isCoordinated === true;
  }

  private limit(): void {
    const { core, load, call } = this;
    const { leaseMs } = call.request.policy;
    load.limitWait(core.clock, leaseMs);
    if (call.origin === undefined) return;
    call.origin.onCycle = (keys) => {
      this.end({ kind: 'cycle', keys });
    };
    load.node.checkLater(core.clock, Math.min(LIMITS.cycleCheckMs, leaseMs / 2));
  }

  private startSoftTimeout(): void {
    const { softMs } = this.call.request.policy;
    if (softMs === undefined) return;
    const { clock } = this.core;
    // Counted from the start of the load: a later caller does not wait for all of it again.
    const leftMs = this.load.startedAt + softMs - clock.now();
    this.timer = clock.setTimeout(
      () => {
        this.isLate = true;
        this.serveStaleIfDue();
      },
      Math.max(0, leftMs),
    );
  }

  private serveStaleIfDue(): void {
    const { core, load, call, isLate } = this;
    const isDue = isLate || load.state === 'waiting';
    const expired = isDue ? servableStale(core, load, call.stale) : undefined;
    if (expired === undefined) return;
    this.end({ kind: 'stale', expired, reason: isLate ? 'timeout' : 'lease' });
  }

  private end(outcome: WaitOutcome): void {
    const { core, load, call } = this;
    if (this.timer !== undefined) core.clock.clearTimeout(this.timer);
    load.unsubscribe(this);
    load.node.remove(call.origin, core.clock);
    this.resolve(outcome);
  }
}
