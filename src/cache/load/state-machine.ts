/*
 * A load as a state machine: its states, why it moves from one to the next, and its decisions as pure
 * functions of what is known at that moment. `pipeline.ts` carries them out. The decision about a lease that
 * another process holds is in `lease/acquire.ts`, which is loaded only with a shared tier.
 * docs/architecture.md has a drawing, which a test compares with the transitions.
 */

/**
 * - `reading`: the shared tier is being read;
 * - `acquiring`: the lease of the key has been requested;
 * - `waiting`: another process holds the lease;
 * - `loading`: the loader runs;
 * - `filling`: callers have the value, which is being stored;
 * - `done`: nothing is left to do.
 */
export type LoadState = 'reading' | 'acquiring' | 'waiting' | 'loading' | 'filling' | 'done';

/** Why a load runs: a caller needs a value, a hit is near its end, or a caller called `refresh()`. */
export type LoadPurpose = 'read' | 'refresh-ahead' | 'reload';

interface Transition {
  readonly from: readonly LoadState[];
  readonly to: LoadState;
}

/** The transitions, by their reasons. Each reason leads to one state. */
export const TRANSITIONS = {
  /** The shared tier has a value that is fresh enough. */
  found: { from: ['reading', 'acquiring'], to: 'done' },
  /** The shared tier has nothing fresh, or is not read. */
  missed: { from: ['reading'], to: 'acquiring' },
  /** No tier is coordinated between processes, so that there is no lease. */
  uncoordinated: { from: ['reading'], to: 'loading' },
  /** This process has the lease. */
  granted: { from: ['acquiring'], to: 'loading' },
  /** Another process has the lease, and this load waits for it. */
  held: { from: ['acquiring'], to: 'waiting' },
  /** Another process has the lease, and the callers need not wait for it. */
  elsewhere: { from: ['acquiring'], to: 'done' },
  /** The lease has ended, so that its value may be in the shared tier. */
  released: { from: ['waiting'], to: 'reading' },
  /** No message has come for a while. */
  polled: { from: ['waiting'], to: 'acquiring' },
  /** The shared tier cannot be reached: the value is loaded for this process alone. */
  unavailable: { from: ['reading', 'acquiring', 'waiting'], to: 'loading' },
  /** Several processes have held the lease, one after the other. */
  crowded: { from: ['acquiring'], to: 'loading' },
  /** This load has waited for the holder of the lease for a full lease term. */
  timedOut: { from: ['acquiring'], to: 'loading' },
  /** The loader has returned a value. */
  loaded: { from: ['loading'], to: 'filling' },
  /** The loader has returned a value that can be read only once. */
  unshareable: { from: ['loading'], to: 'done' },
  /** The value is stored, or it is certain that it will not be. */
  filled: { from: ['filling'], to: 'done' },
  /** The loader failed. */
  failed: { from: ['reading', 'acquiring', 'waiting', 'loading', 'filling'], to: 'done' },
} as const satisfies Readonly<Record<string, Transition>>;

/** Why a load has moved from one state to the next. */
export type LoadReason = keyof typeof TRANSITIONS;

/**
 * The state that a reason leads to.
 *
 * @throws Error for a transition that does not exist, which is a fault of this package.
 */
export function nextState(state: LoadState, reason: LoadReason): LoadState {
  const { from, to }: Transition = TRANSITIONS[reason];
  if (!from.includes(state)) throw new Error(`A load that is ${state} cannot be ${reason}.`);
  return to;
}

/** The facts about a load that a caller finds. */
export interface JoinableLoad {
  readonly state: LoadState;
  /** Whether the shared tier had an expired value. */
  readonly hasStale: boolean;
  /** The batch that its read of the shared tier is part of. */
  readonly batchId: number | undefined;
}

/** The facts about the caller that finds it. */
export interface JoiningCaller {
  /** Whether every invalidation reaches this process, and detaches the loads that it concerns. */
  readonly canJoinAnyLoad: boolean;
  /** The batch that a read requested now would be part of. */
  readonly openBatchId: number | undefined;
  /** Whether the caller can still wait for the load's fill to confirm the value. */
  readonly awaitsFill: boolean;
}

/**
 * Whether a load's value will be recent enough for a caller that finds the load under way: it must not
 * be from before an invalidation that was acknowledged before the call.
 *
 * If invalidations arrive, a load that is still in the table is recent enough. Otherwise, it is recent enough
 * while the shared tier has not been read yet, or will be read again, and during the load if the caller waits
 * for the fill, which confirms the value. It is not once the value is being stored in the shared tier, where
 * it may have been replaced.
 */
export function canJoin(load: JoinableLoad, caller: JoiningCaller): boolean {
  if (caller.canJoinAnyLoad) return true;
  switch (load.state) {
    case 'reading':
      return load.batchId !== undefined && load.batchId === caller.openBatchId;
    case 'waiting':
      return !load.hasStale;
    case 'loading':
      return !load.hasStale && caller.awaitsFill;
    default:
      return false;
  }
}

/** The time until which an expired value may be served. */
interface Expiring {
  readonly staleUntil: number;
}

/** Whether something has been invalidated since an operation began; see `Fence`. */
interface Invalidated {
  readonly invalidatedLocally: boolean;
  readonly invalidatedRemotely: boolean;
}

/** Whether an expired value of the shared tier may be served: in its grace, and not invalidated since. */
export function canServeStale(
  stale: Expiring | undefined,
  fence: Invalidated,
  now: number,
): stale is Expiring {
  if (stale === undefined || now >= stale.staleUntil) return false;
  return !fence.invalidatedLocally && !fence.invalidatedRemotely;
}

/** The times of an entry in the shared tier, in ms since the epoch. */
interface EntryTimes extends Expiring {
  readonly freshUntil: number;
  /** When a hit should start a refresh. */
  readonly refreshAt?: number | undefined;
}

/** How a load uses an entry of the shared tier: as its value, as a stale value, or not at all. */
export function onStoreEntry(
  entry: EntryTimes,
  purpose: LoadPurpose,
  now: number,
): 'fresh' | 'stale' | 'expired' {
  if (now >= entry.staleUntil) return 'expired';
  // A refresh ends early only with a value that another process has refreshed.
  const limit =
    purpose === 'refresh-ahead' ? (entry.refreshAt ?? entry.freshUntil) : entry.freshUntil;
  return now < limit ? 'fresh' : 'stale';
}
