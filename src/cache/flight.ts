import { NO_DELAY, type OwnDelay } from '../store/guard.js';
import type { Clock, TimerHandle } from '../base/clock.js';
import { LIMITS } from '../base/defaults.js';
import type { Glob } from '../base/glob.js';
import { LoneMap } from '../base/lone-map.js';
import { publicKey } from '../base/private-key.js';
import { inSharedContext } from '../base/shared-context.js';
import type { SharedEntry } from '../store/shared-tier.js';
import type { Fence } from './fence.js';
import { LoadNode } from './load-nesting.js';

/**
 * How a flight ended. It never rejects: each caller decides what an error means to it. A `spent`
 * value can be read only once, and belongs to the caller that started the flight.
 */
export type Landing =
  | { readonly ok: true; readonly value: unknown; readonly source: 'shared' | 'load' | 'spent' }
  | { readonly ok: false; readonly error: unknown }
  | typeof ELSEWHERE;

/** Another process is loading: there is a stale value to serve meanwhile, or one may look again. */
export const ELSEWHERE = Symbol('elsewhere');

/** In place of an outcome: the caller has waited for another caller's load for as long as it must. */
export const OVERDUE = Symbol('overdue');

/** A caller's wait has ended, since the load that it joined waits for this very call. */
export class Cycle {
  /** @param keys - Of the loads, from the one that the call was made in to the one it joined. */
  constructor(readonly keys: readonly string[]) {}
}

/** How a caller's wait for a load ends. */
export type Joined = Landing | typeof OVERDUE | Cycle;

/** Tags that are only known with the result. */
export const TAGS_FOLLOW = Symbol('tags follow');

/**
 * Stages of a flight: reading from the shared tier, asking for the lease, waiting for that of
 * another, or loading.
 */
export type FlightStage = 'reading' | 'asking' | 'waiting' | 'loading';

/**
 * One load of one key, from its look at the shared tier until its fill has settled. Callers who
 * come meanwhile join it.
 */
export class Flight {
  /**
   * How long calls had waited for this process when it started, or its batch of reads did; see
   * `leftOfBudget`.
   */
  ownDelay: OwnDelay = NO_DELAY;
  /** The expired entry that the shared tier had. */
  stale: SharedEntry | undefined;
  /** Number of the batch that its read of the shared tier travels with; see {@link Flight.admits}. */
  batch: number | undefined;
  /**
   * Whether the loaded value was still current when it was stored; absent when that is unknown.
   */
  proof: Promise<boolean> | undefined;
  private current: FlightStage = 'reading';
  /** Since when others have been waiting for its load; `Infinity` while it waits itself. */
  private since: number;
  private listeners: Set<() => void> | undefined;
  private outcome: Landing | undefined;
  /** Made for the first caller that waits: most flights end with one reader, which has its own promise. */
  private promise: Promise<Landing> | undefined;
  private resolve: ((landing: Landing) => void) | undefined;
  private patience: Promise<Landing | typeof OVERDUE> | undefined;
  private made: LoadNode | undefined;

  constructor(
    readonly key: string,
    readonly fence: Fence,
    readonly startedAt: number,
    readonly tags: readonly string[] | typeof TAGS_FOLLOW,
    /** Whether it takes the place of one that has kept others waiting for too long. */
    readonly isSuccessor: boolean,
  ) {
    this.since = startedAt;
  }

  /** Its run of the loader, and the calls that wait for it. */
  get node(): LoadNode {
    return (this.made ??= new LoadNode(this.key));
  }

  /** Whether the outcome is known; the fill may still be under way. */
  get landed(): boolean {
    return this.outcome !== undefined;
  }

  /** The outcome, to be waited for. */
  get landing(): Promise<Landing> {
    return (this.promise ??= inSharedContext(() => this.landingPromise()));
  }

  /** Whether a caller waits for the outcome, as far as the flight knows. */
  get isAwaited(): boolean {
    return this.promise !== undefined;
  }

  get stage(): FlightStage {
    return this.current;
  }

  enter(stage: FlightStage, now: number): void {
    this.current = stage;
    if (stage === 'waiting') this.since = Infinity;
    else if (stage === 'loading' && this.since === Infinity) this.since = now;
    // A caller that has a stale value need not wait for another process either.
    if (stage === 'waiting') this.tell();
  }

  /**
   * Whether a caller may join that must not get a value which was replaced before its call.
   * It may while the shared tier has not been read yet, or will be read again; and during a load
   * if it waits for its {@link Flight.proof}, unless it would get a stale value. It may not
   * once the value is on its way to the shared tier: it may have been replaced there since.
   *
   * @param gathering - Number of the batch that a read asked for now would travel with.
   */
  admits(gathering: number | undefined): boolean {
    switch (this.current) {
      case 'reading':
        return this.batch !== undefined && this.batch === gathering;
      case 'asking':
        return false;
      default:
        return this.stale === undefined && !this.landed;
    }
  }

  land(landing: Landing): void {
    this.outcome = landing;
    this.resolve?.(landing);
  }

  /** Keeps aside what the shared tier had, and tells those who wait for it. */
  foundStale(entry: SharedEntry): void {
    this.stale = entry;
    this.tell();
  }

  /**
   * Calls back once, when there may be something stale to serve that was not there before.
   *
   * @returns Takes the listener back: a load that hangs must not keep its callers.
   */
  whenStale(listener: () => void): () => void {
    (this.listeners ??= new Set()).add(listener);
    return () => {
      this.listeners?.delete(listener);
    };
  }

  /** Whether a load has kept others waiting for longer than it may. */
  isOverdue(now: number, leaseMs: number): boolean {
    return !this.landed && now - this.since >= leaseMs;
  }

  /** Whether it has ignored its signal for so long that it no longer counts as running. */
  isGivenUp(now: number, leaseMs: number): boolean {
    return now - this.startedAt >= LIMITS.leaseTerms * leaseMs + LIMITS.ignoredSignalMs;
  }

  /**
   * The outcome, or OVERDUE when the load has kept others waiting for a lease; for a load that has
   * done so already, after another lease. One timer for all.
   */
  join(clock: Clock, leaseMs: number): Promise<Landing | typeof OVERDUE> {
    if (this.landed) return this.landing;
    return (this.patience ??= inSharedContext(() => this.joined(clock, leaseMs)));
  }

  private landingPromise(): Promise<Landing> {
    if (this.outcome !== undefined) return Promise.resolve(this.outcome);
    return new Promise((resolve) => (this.resolve = resolve));
  }

  private joined(clock: Clock, leaseMs: number): Promise<Landing | typeof OVERDUE> {
    return new Promise((resolve) => {
      let timer: TimerHandle;
      const wait = (): void => {
        const leftMs = this.since + leaseMs - clock.now();
        timer = clock.setTimeout(check, leftMs > 0 ? Math.min(leaseMs, leftMs) : leaseMs);
      };
      const check = (): void => {
        // It may have had to wait for others meanwhile.
        if (this.isOverdue(clock.now(), leaseMs)) {
          this.patience = undefined;
          resolve(OVERDUE);
        } else wait();
      };
      wait();
      void this.landing.then((landing) => {
        clock.clearTimeout(timer);
        resolve(landing);
      });
    });
  }

  private tell(): void {
    const listeners = this.listeners ?? NO_LISTENERS;
    this.listeners = undefined;
    for (const listener of listeners) listener();
  }
}

const NO_LISTENERS: ReadonlySet<() => void> = new Set();

/**
 * The loads under way, one per key: single flight. As many as there are keys being loaded.
 *
 * @internal
 */
export class FlightTable {
  private readonly flights = new LoneMap<Flight>();
  /** Loads whose place another has taken, while they run: one per key. */
  private readonly hung = new Map<string, Flight>();

  get(key: string): Flight | undefined {
    return this.flights.get(key);
  }

  /**
   * Enters a flight; one that is there already keeps its own callers and gets no new ones.
   *
   * @param before - What {@link FlightTable.get} returns for the key: reads look it up once.
   */
  add(flight: Flight, before: Flight | undefined): void {
    if (before?.landed === false && !this.hung.has(flight.key)) this.hung.set(flight.key, before);
    this.flights.set(flight.key, flight);
  }

  /** Takes out this flight, not the one that may have taken its place. */
  remove(flight: Flight): void {
    const { hung, flights } = this;
    if (hung.size > 0 && hung.get(flight.key) === flight) hung.delete(flight.key);
    if (flights.get(flight.key) === flight) flights.delete(flight.key);
  }

  /** Lets no further caller join the key's flight: its value may be from before an invalidation. */
  detach(key: string): void {
    this.flights.delete(key);
  }

  /**
   * Whether a load of the key has hung, and another has been started beside it: there is no third.
   */
  hasSuccessor(key: string, now: number, leaseMs: number): boolean {
    const hung = this.hung.get(key);
    if (hung === undefined) return false;
    if (!hung.isGivenUp(now, leaseMs)) return this.get(key) !== undefined;
    this.hung.delete(key);
    return false;
  }

  detachMatching(glob: Glob): void {
    this.detachWhere((flight) => glob.matches(publicKey(flight.key)));
  }

  detachTagged(tags: ReadonlySet<string>): void {
    this.detachWhere(
      (flight) => flight.tags === TAGS_FOLLOW || flight.tags.some((tag) => tags.has(tag)),
    );
  }

  detachAll(): void {
    this.detachWhere(() => true);
  }

  get size(): number {
    return this.flights.size;
  }

  private detachWhere(concerns: (flight: Flight) => boolean): void {
    for (const flight of this.flights.values()) {
      if (concerns(flight)) this.flights.delete(flight.key);
    }
  }
}
