import type { TimerHandle } from '../base/clock.js';
import { LIMITS } from '../base/defaults.js';
import type { FillOutcome, LeaseAnswer } from '../store/lease-outcomes.js';
import type { SharedEntry, SharedTier } from '../store/shared-tier.js';
import type { Engine } from './engine.js';
import type { Fence } from './fence.js';
import type { LoadPolicy } from './policy.js';

/** Renewals are this many times as frequent as they would have to be. */
const RENEWALS_PER_LEASE = 3;
/** From one try to give a lease back to the next. */
const RETURN_MS = 250;

/**
 * The right to store what a load brings, and the duty that goes with it: others wait for it. It is
 * renewed while the load runs. A write or an invalidation of the key ends it, so that a result from
 * before that is refused (Nishtala et al., Scaling Memcache at Facebook, NSDI 2013, §3.2.1).
 *
 * @internal
 */
export class Lease {
  private timer: TimerHandle = undefined;
  private filling = false;
  private ended = false;
  private readonly until: number;
  /** When it has ended by itself, if nothing else ends it. */
  private endsAt = 0;

  constructor(
    private readonly engine: Engine,
    private readonly shared: SharedTier,
    private readonly key: string,
    private readonly token: string,
    private readonly leaseMs: number,
  ) {
    this.until = engine.clock.monotonic() + LIMITS.leaseTerms * leaseMs;
    engine.counters.leasesGranted++;
    engine.leases.add(this);
    this.prolonged();
    this.renewLater();
  }

  /** Stores what was loaded, if the lease is still held. */
  async fill(entry: SharedEntry): Promise<FillOutcome> {
    // It may wait to be sent, and must still be held then; but `close` must not release it.
    this.engine.leases.delete(this);
    this.filling = true;
    const outcome = await this.shared.fill(this.key, this.token, entry);
    this.end();
    this.engine.waiters.wake(this.key);
    if (outcome === 'failed') this.returnLater();
    return outcome;
  }

  /** Gives it back without a value: those that wait may try. */
  async release(): Promise<void> {
    if (this.ended || this.filling) return;
    this.end();
    // Others wait for it: `close` must not cut it off.
    const isOver = await this.engine.tracked(this.shared.release(this.key, this.token));
    this.engine.waiters.wake(this.key);
    if (!isOver) this.returnLater();
  }

  private returnLater(): void {
    returnLater(this.engine, this.shared, this.key, this.token, this.endsAt);
  }

  private prolonged(): void {
    this.endsAt = this.engine.clock.monotonic() + this.leaseMs;
  }

  private end(): void {
    this.ended = true;
    this.engine.leases.delete(this);
    this.engine.clock.clearTimeout(this.timer);
  }

  private renewLater(): void {
    this.timer = this.engine.clock.setTimeout(() => {
      void this.renew();
    }, this.leaseMs / RENEWALS_PER_LEASE);
  }

  private async renew(): Promise<void> {
    const { clock, counters } = this.engine;
    if (clock.monotonic() >= this.until) return;
    const held = await this.shared.renew(this.key, this.token, this.leaseMs);
    if (this.ended) return;
    if (held === false) {
      // The fill may be under way, which ends it.
      if (!this.filling) counters.leasesLost++;
      return;
    }
    if (held === true) {
      counters.leasesRenewed++;
      this.prolonged();
    }
    this.renewLater();
  }
}

interface LeaseRequest {
  readonly key: string;
  readonly token: string;
  readonly leaseMs: number;
  readonly budgetMs: number;
  /** Takes the lease from its holder. */
  readonly seize: boolean;
}

/** The answer to a request for a lease, with the lease if it was granted. */
type LeaseReply =
  | Exclude<LeaseAnswer, { readonly granted: true }>
  | (Extract<LeaseAnswer, { readonly granted: true }> & { readonly lease: Lease });

/**
 * Asks for a lease. `close` waits for the answer, and releases what is granted.
 *
 * @returns `unsent` also when the cache is closed.
 * @internal
 */
export async function askForLease(
  engine: Engine,
  shared: SharedTier,
  request: LeaseRequest,
): Promise<LeaseReply | undefined> {
  if (!engine.enabled) return 'unsent';
  const { key, token, leaseMs, budgetMs, seize } = request;
  const ask = async (): Promise<LeaseReply | undefined> => {
    const answer = await shared.acquire(key, token, leaseMs, budgetMs, seize);
    if (answer === undefined || answer === 'unsent' || !answer.granted) return answer;
    return { ...answer, lease: new Lease(engine, shared, key, token, leaseMs) };
  };
  return await engine.tracked(ask());
}

/**
 * Retries to release a lease whose state is unknown until the store replies: no process must wait for
 * a load that is long over, or that never had the lease.
 *
 * @param endsAt - When it has ended by itself, by the monotonic clock.
 * @internal
 */
export function returnLater(
  engine: Engine,
  shared: SharedTier,
  key: string,
  token: string,
  endsAt: number,
): void {
  const { clock, waiters } = engine;
  clock.setTimeout(() => {
    if (!engine.enabled || clock.monotonic() >= endsAt) return;
    if (shared.isAway) {
      returnLater(engine, shared, key, token, endsAt);
      return;
    }
    void shared.release(key, token).then((isOver) => {
      if (isOver) waiters.wake(key);
      else returnLater(engine, shared, key, token, endsAt);
    });
  }, RETURN_MS);
}

/**
 * Takes the lease of a key from its holder, before a value is made that replaces the present one;
 * and notes the tags' clock.
 *
 * @returns `undefined` when the store could not be asked.
 * @internal
 */
export async function seizeLease(
  engine: Engine,
  fence: Fence,
  { leaseMs }: Pick<LoadPolicy, 'leaseMs'>,
): Promise<Lease | undefined> {
  const { shared, options } = engine;
  if (shared === undefined || !engine.enabled) return undefined;
  const token = engine.newToken();
  const [answer, tagClock] = await Promise.all([
    askForLease(engine, shared, {
      ...{ key: fence.key, token, leaseMs },
      budgetMs: options.storeTimeoutMs,
      seize: true,
    }),
    shared.tagClock(options.storeTimeoutMs),
  ]);
  fence.sharedClock = tagClock ?? fence.sharedClock;
  if (answer === 'unsent') return undefined;
  if (answer?.granted === true) return answer.lease;
  // It may have been granted, and the answer lost.
  if (!shared.isAway) {
    returnLater(engine, shared, fence.key, token, engine.clock.monotonic() + leaseMs);
  }
  return undefined;
}
