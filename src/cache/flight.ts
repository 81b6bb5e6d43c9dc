import type { Clock } from '../base/clock.js';
import type { Glob } from '../base/glob.js';
import type { SharedEntry } from '../store/shared-tier.js';
import type { Fence } from './fence.js';

/** How a flight ended. It never rejects: whoever waits decides what an error means to them. */
export type Landing =
  | { readonly ok: true; readonly value: unknown; readonly source: 'shared' | 'load' }
  | { readonly ok: false; readonly error: unknown };

/** What a caller gets who has waited for somebody else's load as long as he has to. */
export const OVERDUE = Symbol('overdue');

/** Tags that are only known with the result. */
export const TAGS_FOLLOW = Symbol('tags follow');

/**
 * One load of one key, from its look at the shared tier until its fill has settled. Callers who
 * come meanwhile join it.
 */
export class Flight {
  /** The outcome. It is there before the load begins, for a loader that asks for its own key. */
  readonly landing: Promise<Landing>;
  /** Whether the outcome is known; the fill may still be under way. */
  landed = false;
  /** The expired entry that the shared tier had. */
  stale: SharedEntry | undefined;
  private readonly staleListeners: (() => void)[] = [];
  private resolve!: (landing: Landing) => void;
  private patience: Promise<Landing | typeof OVERDUE> | undefined;

  constructor(
    readonly key: string,
    readonly fence: Fence,
    readonly startedAt: number,
    readonly tags: readonly string[] | typeof TAGS_FOLLOW,
  ) {
    this.landing = new Promise((resolve) => (this.resolve = resolve));
  }

  land(landing: Landing): void {
    this.landed = true;
    this.resolve(landing);
  }

  /** Keeps aside what the shared tier had, and tells those who wait for it. */
  foundStale(entry: SharedEntry): void {
    this.stale = entry;
    for (const listener of this.staleListeners.splice(0)) listener();
  }

  /** Calls back when the shared tier turns out to have an expired entry; not if it has already. */
  whenStale(listener: () => void): void {
    if (this.stale === undefined) this.staleListeners.push(listener);
  }

  /** Whether a load has kept others waiting for longer than it may. */
  isOverdue(now: number, leaseMs: number): boolean {
    return !this.landed && now - this.startedAt >= leaseMs;
  }

  /** The outcome, or OVERDUE when it is not known one lease after the start. One timer for all. */
  join(clock: Clock, leaseMs: number): Promise<Landing | typeof OVERDUE> {
    if (this.landed) return this.landing;
    this.patience ??= new Promise((resolve) => {
      const left = Math.max(0, this.startedAt + leaseMs - clock.now());
      const timer = clock.setTimeout(() => {
        resolve(OVERDUE);
      }, left);
      void this.landing.then((landing) => {
        clock.clearTimeout(timer);
        resolve(landing);
      });
    });
    return this.patience;
  }
}

/**
 * The loads under way, one per key: single flight. As many as there are keys being loaded.
 *
 * @internal
 */
export class FlightTable {
  private readonly flights = new Map<string, Flight>();

  get(key: string): Flight | undefined {
    return this.flights.get(key);
  }

  /** Enters a flight; one that is there already keeps its own callers and gets no new ones. */
  add(flight: Flight): void {
    this.flights.set(flight.key, flight);
  }

  /** Takes out this flight, not the one that may have taken its place. */
  remove(flight: Flight): void {
    if (this.flights.get(flight.key) === flight) this.flights.delete(flight.key);
  }

  /** From now on nobody joins the key's flight: its value may be from before an invalidation. */
  detach(key: string): void {
    this.flights.delete(key);
  }

  detachMatching(glob: Glob): void {
    for (const key of this.flights.keys()) if (glob.matches(key)) this.flights.delete(key);
  }

  detachTagged(tags: ReadonlySet<string>): void {
    for (const [key, flight] of this.flights) {
      if (flight.tags === TAGS_FOLLOW || flight.tags.some((tag) => tags.has(tag))) {
        this.flights.delete(key);
      }
    }
  }

  detachAll(): void {
    this.flights.clear();
  }

  get size(): number {
    return this.flights.size;
  }
}
