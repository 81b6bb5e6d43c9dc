import type { TimerHandle } from '../../base/clock.js';
import type { MemoryEntry } from '../../memory/entry.js';
import type { CacheCore } from '../core/cache-core.js';
import type { CacheEvents } from '../events.js';
import type { InFlightLoad, LoadRequest } from '../load/in-flight.js';
import type { WaitOutcome } from '../load/load-cycle.js';
import { onOutcome } from '../load/outcome-listeners.js';
import { canServeStale } from '../load/state-machine.js';

type StaleReason = CacheEvents['stale']['reason'];

/** An expired value that is served in place of a loaded one. */
interface Expired {
  readonly value: unknown;
}

/** In place of an outcome: an expired value is served, since the load takes too long. */
export interface StaleOutcome {
  readonly ok: true;
  readonly source: 'stale';
  readonly expired: Expired;
  readonly reason: StaleReason;
}

/**
 * An expired value that may be served: in its grace, and not invalidated since.
 *
 * @internal
 */
export function servableStale(
  core: CacheCore,
  load: InFlightLoad,
  inMemory: MemoryEntry | undefined,
): Expired | undefined {
  const now = core.clock.now();
  if (inMemory?.held === true && core.trust.canUseMemory && now < inMemory.staleUntil) {
    return { value: core.memory?.valueOf(inMemory) };
  }
  const { stale, fence } = load;
  if (!canServeStale(stale, fence, now) || !core.invalidation.isCurrent(stale, fence)) {
    return undefined;
  }
  return { value: core.values.forCaller(stale.value) };
}

/**
 * Waits for the outcome. If there is a stale value to serve, it waits no longer than `softTimeout`, and not
 * for another process.
 *
 * @internal
 */
export function outcomeOrStale(
  core: CacheCore,
  load: InFlightLoad,
  outcome: Promise<WaitOutcome>,
  stale: MemoryEntry | undefined,
  softMs: number | undefined,
): Promise<WaitOutcome | StaleOutcome> {
  return new Promise((resolve) => {
    new ImpatientWait(core, load, stale, resolve).begin(outcome, softMs);
  });
}

/** One caller's wait, which a stale value may end. */
class ImpatientWait {
  private isLate = false;
  private timer: TimerHandle = undefined;
  private stopListening: (() => void) | undefined;
  private stopWaiting: (() => void) | undefined;

  constructor(
    private readonly core: CacheCore,
    private readonly load: InFlightLoad,
    private readonly stale: MemoryEntry | undefined,
    private readonly resolve: (outcome: WaitOutcome | StaleOutcome) => void,
  ) {}

  begin(outcome: Promise<WaitOutcome>, softMs: number | undefined): void {
    this.stopWaiting = onOutcome(outcome, (settled) => {
      this.end(settled);
    });
    if (softMs === undefined) {
      this.serveIfDue();
      return;
    }
    this.listen();
    // Counted from the start of the load: a later caller does not wait for all of it again.
    const leftMs = this.load.startedAt + softMs - this.core.clock.now();
    this.timer = this.core.clock.setTimeout(
      () => {
        this.isLate = true;
        this.serveIfDue();
      },
      Math.max(0, leftMs),
    );
  }

  private serveIfDue(): void {
    const { core, load, stale, isLate } = this;
    const isDue = isLate || load.state === 'waiting';
    const expired = isDue ? servableStale(core, load, stale) : undefined;
    if (expired === undefined) this.listen();
    else this.end({ ok: true, source: 'stale', expired, reason: isLate ? 'timeout' : 'lease' });
  }

  /** The shared tier may later return a stale value, or report that another process is loading. */
  private listen(): void {
    this.stopListening?.();
    this.stopListening = this.load.onceStale(() => {
      this.serveIfDue();
    });
  }

  private end(outcome: WaitOutcome | StaleOutcome): void {
    if (this.timer !== undefined) this.core.clock.clearTimeout(this.timer);
    this.stopListening?.();
    this.stopWaiting?.();
    this.resolve(outcome);
  }
}

/**
 * Counts a stale value that a caller gets.
 *
 * @internal
 */
export function serveStale(
  core: CacheCore,
  request: LoadRequest,
  expired: Expired,
  reason: StaleReason,
): unknown {
  core.counters.stale++;
  if (request.methodCounters !== undefined) request.methodCounters.stale++;
  if (core.events.hears('stale')) core.events.emit('stale', { key: request.key, reason });
  return expired.value;
}
