import type { SharedEntry, SharedTier } from '../store/shared-tier.js';
import type { Engine } from './engine.js';
import type { Flight } from './flight.js';
import { askForLease, returnLater, type Lease } from './lease.js';
import type { LoadPolicy } from './policy.js';

/** What to do after a read that found nothing fresh. */
export type Turn =
  /** Load. Without a lease, for itself: the result is not shared. */
  | { readonly kind: 'load'; readonly lease: Lease | undefined }
  /** Another process has loaded meanwhile. */
  | { readonly kind: 'found'; readonly entry: SharedEntry }
  /** Another process is loading, and there is no need to wait for it. */
  | { readonly kind: 'elsewhere' };

/** Why a flight would load. */
export type Purpose = 'read' | 'refresh' | 'reload';

export interface TurnRequest {
  readonly engine: Engine;
  readonly shared: SharedTier;
  readonly flight: Flight;
  readonly policy: LoadPolicy;
  readonly purpose: Purpose;
  /** The rest of the time that the call may wait for the store, in milliseconds. */
  readonly budgetMs: number;
  /** Whether an entry of the shared tier is fresh enough for the call. */
  readonly isGood: (entry: SharedEntry) => boolean;
}

const ALONE: Turn = { kind: 'load', lease: undefined };

/** Of leases that have been waited for in vain, so many are remembered. */
const MOST_HUNG = 1000;
/** Different loads of one key that a caller waits for, one lease each. */
const MOST_HOLDERS = 2;

/**
 * Asks for the lease of a flight's key, and waits while another process loads: for the message that
 * it is done, or the end of its lease. A load that dies or hangs delays others by one lease; then
 * they load for themselves.
 *
 * @internal
 */
export async function takeTurn(request: TurnRequest): Promise<Turn> {
  const { engine, shared, flight, policy, purpose, isGood } = request;
  const { clock, counters, waiters, hung } = engine;
  const { key, fence } = flight;
  const { leaseMs } = policy;
  const hasTags = typeof policy.tags === 'function' || policy.tags.length > 0;
  // A hung store must not cost more than its time-out between two signs of life.
  const pollMs = engine.options.storeTimeoutMs / 2;
  let { budgetMs } = request;
  let holder: string | undefined;
  let holders = 0;
  let since = 0;
  const waiter = waiters.register(key);
  try {
    for (;;) {
      if (!engine.enabled) return ALONE;
      flight.enter('asking', clock.now());
      waiter.reset();
      const token = engine.newToken();
      const [answer, tagClock] = await Promise.all([
        askForLease(engine, shared, {
          ...{ key, token, leaseMs, budgetMs },
          seize: purpose === 'reload',
        }),
        hasTags ? shared.tagClock(budgetMs) : undefined,
      ]);
      fence.sharedClock = tagClock ?? fence.sharedClock;
      if (answer === 'unsent') return ALONE;
      if (answer === undefined) {
        // It may have been granted, and the answer lost.
        returnLater(engine, shared, key, token, clock.monotonic() + leaseMs);
        return ALONE;
      }
      if (answer.granted) {
        hung.delete(key);
        const { entry, lease } = answer;
        if (entry !== undefined && purpose !== 'reload' && isGood(entry)) {
          void lease.release();
          return { kind: 'found', entry };
        }
        return { kind: 'load', lease };
      }
      if (answer.holder !== holder) counters.leasesDenied++;
      if (purpose === 'refresh' || isStaleServable(flight, clock.now())) {
        return { kind: 'elsewhere' };
      }
      if (answer.holder !== holder) {
        if (++holders > MOST_HOLDERS) return ALONE;
        holder = answer.holder;
        since = clock.monotonic();
      }
      // The callers have waited a full lease for this very load already.
      const isHung = hung.get(key) === holder || flight.isSuccessor;
      const leftMs = isHung ? 0 : since + leaseMs - clock.monotonic();
      if (leftMs <= 0) {
        remember(hung, key, holder);
        return ALONE;
      }
      flight.enter('waiting', clock.now());
      const woken = await waiter.wait(Math.min(leftMs, answer.remainingMs + 1, pollMs));
      if (shared.isAway) return ALONE;
      budgetMs = pollMs;
      if (!woken) continue;
      flight.enter('reading', clock.now());
      const reading = shared.read(key);
      flight.batch = shared.gathering;
      const entry = await reading;
      if (entry !== undefined && isGood(entry)) return { kind: 'found', entry };
    }
  } finally {
    waiters.remove(key, waiter);
  }
}

function isStaleServable({ stale, fence }: Flight, now: number): boolean {
  return stale !== undefined && now < stale.staleUntil && !fence.marked && !fence.doubtful;
}

function remember(hung: Map<string, string>, key: string, holder: string): void {
  hung.delete(key);
  hung.set(key, holder);
  if (hung.size > MOST_HUNG) hung.delete(hung.keys().next().value as string);
}
