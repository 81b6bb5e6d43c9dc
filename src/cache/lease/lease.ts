import type { TimerHandle } from '../../base/time/clock.js';
import { LIMITS } from '../../base/options/defaults.js';
import type { LeaseReply } from '../../store/coordinator.js';
import type { FillOutcome, SharedEntry, SharedTier } from '../../store/shared-tier.js';
import type { Fence } from '../coherence/fences.js';
import type { CacheCore } from '../core/cache-core.js';

/*
 * Leases let one process at a time load a key, and refuse the results of loads that have been overtaken:
 * the lease itself (here), how a load acquires one (`acquire.ts`), and the loads that wait for another
 * process's lease (`waiters.ts`).
 */

/** Renewals per lease term, so that one lost renewal does not end the lease. */
const RENEWALS_PER_LEASE = 3;
/** Interval of the attempts to release a lease whose state is unknown. */
const RELEASE_RETRY_MS = 250;

/**
 * The exclusive right to store the result of a load. Other processes wait for it, so that it must always
 * be released. It is renewed while the load runs. A write or an invalidation of the key ends it, so that a
 * result from before that is refused (Nishtala et al., Scaling Memcache at Facebook, NSDI 2013, §3.2.1).
 *
 * @internal
 */
export class Lease {
  private timer: TimerHandle = undefined;
  private filling = false;
  private ended = false;
  private readonly renewUntil: number;
  /** When it expires, unless it is renewed. */
  private endsAt = 0;

  constructor(
    private readonly core: CacheCore,
    private readonly shared: SharedTier,
    private readonly key: string,
    private readonly token: string,
    private readonly leaseMs: number,
  ) {
    this.renewUntil = core.clock.monotonic() + LIMITS.leaseTerms * leaseMs;
    core.counters.leasesGranted++;
    core.leases.add(this);
    this.prolonged();
    this.renewLater();
  }

  /** Stores the loaded value if the lease is still held. */
  async fill(entry: SharedEntry): Promise<FillOutcome> {
    // `close` must not release the lease: it must still be held when the command is sent, which may be
    // later.
    this.core.leases.delete(this);
    this.filling = true;
    const outcome = await this.shared.leases.fill(this.key, this.token, entry);
    this.end();
    this.core.waiters.wake(this.key);
    if (outcome === 'failed') this.retryRelease();
    return outcome;
  }

  /** Releases the lease without a value, so that a waiting process can load. */
  async release(): Promise<void> {
    if (this.ended || this.filling) return;
    this.end();
    // Other processes wait for it: `close` must not interrupt it.
    const isOver = await this.core.tracked(this.shared.leases.release(this.key, this.token));
    this.core.waiters.wake(this.key);
    if (!isOver) this.retryRelease();
  }

  private retryRelease(): void {
    retryRelease(this.core, this.shared, this.key, this.token, this.endsAt);
  }

  private prolonged(): void {
    this.endsAt = this.core.clock.monotonic() + this.leaseMs;
  }

  private end(): void {
    this.ended = true;
    this.core.leases.delete(this);
    this.core.clock.clearTimeout(this.timer);
  }

  private renewLater(): void {
    this.timer = this.core.clock.setTimeout(() => {
      void this.renew();
    }, this.leaseMs / RENEWALS_PER_LEASE);
  }

  private async renew(): Promise<void> {
    const { clock, counters } = this.core;
    if (clock.monotonic() >= this.renewUntil) return;
    const held = await this.shared.leases.renew(this.key, this.token, this.leaseMs);
    if (this.ended) return;
    if (held === false) {
      // A fill in progress ends the lease itself.
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

interface LeaseOptions {
  readonly leaseMs: number;
  readonly budgetMs: number;
  /** Takes the lease from its holder, since the new value replaces the present one. */
  readonly isForced: boolean;
  /** Whether the value may have tags, whose clock is then noted in the fence. */
  readonly hasTags: boolean;
}

/** The reply to a request for a lease. `unavailable`: the store did not reply, or the cache is closed. */
export type LoadLeaseReply =
  'unavailable' | LeaseReply<{ readonly entry: SharedEntry | undefined; readonly lease: Lease }>;

/**
 * Requests the lease of a key. `close` waits for the reply, and releases what is granted.
 *
 * @internal
 */
export async function requestLease(
  core: CacheCore,
  shared: SharedTier,
  fence: Fence,
  { leaseMs, budgetMs, isForced, hasTags }: LeaseOptions,
): Promise<LoadLeaseReply> {
  if (!core.enabled) return 'unavailable';
  const { key } = fence;
  const token = core.newLeaseToken();
  const acquire = async (): Promise<LoadLeaseReply | 'unsent' | undefined> => {
    const reply = await shared.leases.acquire(key, token, leaseMs, budgetMs, isForced);
    if (reply === undefined || reply === 'unsent' || !reply.granted) return reply;
    return { ...reply, lease: new Lease(core, shared, key, token, leaseMs) };
  };
  const [reply, tagClock] = await Promise.all([
    core.tracked(acquire()),
    hasTags ? shared.tags.clock(budgetMs) : undefined,
  ]);
  fence.sharedClock = tagClock ?? fence.sharedClock;
  if (reply === 'unsent') return 'unavailable';
  if (reply !== undefined) return reply;
  // The lease may have been granted, and the reply lost.
  retryRelease(core, shared, key, token, core.clock.monotonic() + leaseMs);
  return 'unavailable';
}

/**
 * Retries releasing a lease whose state is unknown until the store replies: no process must wait for a
 * load that has ended, or that never had the lease.
 *
 * @param endsAt - When the lease ends by itself, by the monotonic clock.
 */
function retryRelease(
  core: CacheCore,
  shared: SharedTier,
  key: string,
  token: string,
  endsAt: number,
): void {
  const { clock, waiters } = core;
  clock.setTimeout(() => {
    if (!core.enabled || clock.monotonic() >= endsAt) return;
    if (core.trust.shared === 'unavailable') {
      retryRelease(core, shared, key, token, endsAt);
      return;
    }
    void shared.leases.release(key, token).then((isOver) => {
      if (isOver) waiters.wake(key);
      else retryRelease(core, shared, key, token, endsAt);
    });
  }, RELEASE_RETRY_MS);
}
