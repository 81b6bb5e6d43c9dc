import type { BusKind } from '../../src/store/coordinator.js';

/** Protections that a run can do without, to see whether the checker notices. */
export type Sabotage =
  | 'no lease check'
  | 'no fences'
  | 'no detaching of loads'
  | 'no reconnect rule'
  | 'no strict joining'
  | 'no tag versions'
  | 'no news of absent keys'
  | 'no waiting for what takes over'
  | 'no evictions while closed'
  | 'no journal'
  | 'no floor';

/** The kind of cached object: see `subjects.ts`. */
export type SubjectKind =
  | ('plain' | 'swept' | 'known' | 'found' | 'method' | 'function' | 'own')
  /** Written by calls on more keys than fit into the commands that are in flight at once. */
  | ('removed' | 'stored');

/** At least, at most. */
export type Range = readonly [least: number, most: number];

/** Where a cache finds its Redis, as its options say it. */
type Target =
  | { readonly redisUrl: string }
  | {
      readonly redis: {
        readonly sentinels: { readonly host: string; readonly port: number }[];
        readonly name: string;
      };
    };

/** One run of the checker, the same in every process but for `worker`. */
export interface RunSpec {
  readonly seed: number;
  readonly target: Target;
  readonly databaseUrl: string;
  readonly namespace: string;
  readonly memory: boolean;
  /** Longest life in memory; `undefined`: as long as in Redis. */
  readonly memoryTtlMs: number | undefined;
  readonly bus: BusKind | undefined;
  /** Entries expire all the time, are refreshed, and stand in for loads that fail or are slow. */
  readonly grace: boolean;
  /** At least: it goes on until {@link Orders.finish}, and until enough has been checked. */
  readonly durationMs: number;
  /** Checked in each process before it ends, however slow the machine is. */
  readonly least: { readonly reads: number; readonly writes: number };
  readonly kinds: readonly SubjectKind[];
  /** Subjects of each kind. */
  readonly subjects: number;
  /** Reads under way at once, in each process. */
  readonly readers: number;
  /** Between a reader's reads. */
  readonly readPauseMs: Range;
  readonly writers: number;
  readonly writePauseMs: Range;
  readonly loadMs: Range;
  /** When, as a fraction of a load, the database is read. */
  readonly queryAt: Range;
  readonly leaseMs: number | undefined;
  /** Share of loads that fail. */
  readonly failures: number;
  readonly sabotage: Sabotage | undefined;
  /**
   * At least so often, each process closes its cache with calls under way, and opens another; 0:
   * never.
   */
  readonly closings: number;
  /** Invalidations that a cache can repeat; `undefined`: as many as usual. */
  readonly journalCapacity: number | undefined;
}

/** The findings of one process in a run. */
export interface RunReport {
  /** Those that were checked. */
  readonly reads: number;
  /** Those that Redis confirmed. */
  readonly writes: number;
  readonly loads: number;
  /** Reads that failed because their loads were made to fail. */
  readonly failed: number;
  /** Writes that Redis did not confirm, and reads while it was away: not checked. */
  readonly unchecked: number;
  /** Reads of a version older than one that had been acknowledged when they began. */
  readonly stale: number;
  /** For how long it had been acknowledged; -1: no read was stale. */
  readonly longestMs: number;
  /** The same for reads that began while the process knew that it heard no messages. */
  readonly longestDeafMs: number;
  /** Reads of a version older than one that this process had got acknowledged itself. */
  readonly ownStale: number;
  /**
   * The longest round trip of a plain client in this process to the database, in ms: how late a
   * message can be on this machine.
   */
  readonly lateMs: number;
  /** Errors that the cache reported, each once. */
  readonly errors: readonly string[];
  readonly examples: readonly string[];
}

/** The state of one process when no operation is in progress. */
export interface Inspection {
  /** Values in memory, and in Redis, that differ from the database. */
  readonly differing: readonly string[];
  /** Values that were compared. */
  readonly compared: number;
  /** Fences, flights and waiters that are still in their tables. */
  readonly leftovers: number;
}

/** Many calls of one cold key. */
export interface HerdSpec {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly namespace: string;
  readonly memory: boolean;
  readonly key: string;
  readonly calls: number;
  readonly leaseMs: number;
  readonly loadMs: number;
  /** A load runs until its lease has been renewed this number of times. */
  readonly leastRenewals: number;
  /** The first load of all never ends. */
  readonly firstHangs: boolean;
}

export interface HerdReport {
  /** The distinct results of the calls. */
  readonly answers: readonly number[];
  readonly slowestMs: number;
  /** How long the event loop alone kept a call waiting, at most. */
  readonly loopDelayMs: number;
  /** Whether the value is in Redis afterwards. */
  readonly stored: number | undefined;
  readonly renewals: number;
}

export interface Orders {
  /** Makes the caches of a run, and waits until they hear messages. */
  open: { run: string; spec: RunSpec; worker: number; processes: number };
  run: { run: string };
  /** Requests the findings of a run so far. */
  report: { run: string };
  /** Lets a run end once enough has been checked. */
  finish: { run: string };
  /** Whether the cache of a run hears messages. */
  hears: { run: string };
  /**
   * Redis went back to an earlier state. Without a port, it is dead, and comes back at its place;
   * with one, a replica on that port of 127.0.0.1 has taken over.
   */
  crashed: { run: string; port: number | undefined };
  /** Whether the process has done again what the latest crash undid. */
  caught: { run: string };
  /** Waits until the cache has nothing under way. */
  settle: { run: string };
  /** Reads the beacons of all processes into memory. */
  beacons: { run: string };
  /** Removes the beacon of this process: a process that hears it has heard every earlier message. */
  beacon: { run: string };
  inspect: { run: string };
  close: { run: string };
  herd: { spec: HerdSpec };
}

export interface Answers {
  open: undefined;
  run: RunReport;
  report: RunReport;
  finish: undefined;
  hears: boolean;
  crashed: undefined;
  caught: boolean;
  settle: undefined;
  beacons: undefined;
  beacon: undefined;
  inspect: Inspection;
  close: undefined;
  herd: HerdReport;
}

export type Kind = keyof Orders;

export type Order = { [K in Kind]: { readonly id: number; readonly kind: K } & Orders[K] }[Kind];

/** From a worker: a reply, or the news that it runs the first load of a herd. */
export type News =
  | { readonly kind: 'ready' | 'loading' }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly reason: string };
