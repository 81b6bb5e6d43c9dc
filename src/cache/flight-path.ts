import type { EntryLife, MemoryEntry } from '../memory/entry.js';
import type { SharedEntry, SharedTier } from '../store/shared-tier.js';
import { leftOfBudget } from './budget.js';
import type { Engine } from './engine.js';
import { fill, removeReplaced } from './fill.js';
import { ELSEWHERE, Flight, TAGS_FOLLOW } from './flight.js';
import type { Lease } from './lease.js';
import type { LoadRequest } from './load-request.js';
import { runLoader } from './loader.js';
import { refreshAt } from './policy.js';
import { isSpent } from './spent-results.js';
import { takeTurn, type Purpose, type Turn } from './turn.js';

/** After a refresh that failed, hits leave the loader alone for this long. */
const REFRESH_RETRY_MS = 1000;

/**
 * Starts a flight: from here on, callers of the key join it.
 *
 * @param hasWaited - The caller has been kept waiting for a lease already, by a flight that may be
 * detached by now.
 * @internal
 */
export function takeOff(
  engine: Engine,
  request: LoadRequest,
  purpose: Purpose,
  hasWaited = false,
): Flight {
  const before = engine.flights.get(request.key);
  const flight = enlist(engine, request, before, hasWaited);
  const shared = sharedFor(engine, request);
  if (shared === undefined || purpose === 'reload') {
    if (shared !== undefined) flight.ownDelay = shared.ownDelay;
    void flyOn(engine, request, flight, purpose);
  } else {
    void readShared(shared, flight).then((found) => {
      if (!landsOn(engine, request, flight, found, purpose)) {
        void flyOn(engine, request, flight, purpose);
      }
    });
  }
  return flight;
}

/**
 * Starts a flight of a key that has none, whose first caller has a promise of its own, since it will
 * probably end with the shared tier's answer.
 *
 * @param onHit - Makes the answer of what the shared tier has.
 * @param onMiss - Makes the answer of a flight that goes on to load.
 * @internal
 */
export function readThrough(
  engine: Engine,
  shared: SharedTier,
  request: LoadRequest,
  onHit: (found: SharedEntry) => unknown,
  onMiss: (flight: Flight) => unknown,
): Promise<unknown> {
  const flight = enlist(engine, request, undefined);
  return readShared(shared, flight).then((found) => {
    if (found !== undefined && landsOn(engine, request, flight, found, 'read')) return onHit(found);
    void flyOn(engine, request, flight, 'read');
    return onMiss(flight);
  });
}

/** @param before - The key's flight, whose place the new one takes. */
function enlist(
  engine: Engine,
  { key, policy }: LoadRequest,
  before: Flight | undefined,
  hasWaited = false,
): Flight {
  const now = engine.clock.now();
  const flight = new Flight(
    key,
    engine.memory === undefined ? engine.prepareFence(key) : engine.raiseFence(key),
    now,
    typeof policy.tags === 'function' ? TAGS_FOLLOW : policy.tags,
    hasWaited || before?.isOverdue(now, policy.leaseMs) === true,
  );
  engine.flights.add(flight, before);
  return flight;
}

/**
 * The shared tier, unless the load's result must not leave this process.
 *
 * @internal
 */
export function sharedFor(
  engine: Engine,
  { policy }: Pick<LoadRequest, 'policy'>,
): SharedTier | undefined {
  return policy.isPrivate ? undefined : engine.shared;
}

/** Never rejects: a store that fails has nothing. */
function readShared(shared: SharedTier, flight: Flight): Promise<SharedEntry | undefined> {
  const reading = shared.read(flight.key);
  flight.ownDelay = shared.gatheringDelay;
  flight.batch = shared.gathering;
  return reading;
}

/**
 * Loads the value of a hit again, while callers are still served the present one.
 *
 * @param entry - The entry in memory, if the hit was there.
 * @internal
 */
export function refreshInBackground(
  engine: Engine,
  request: LoadRequest,
  entry: MemoryEntry | undefined,
): void {
  // A listener may have removed the entry since it was found: it must not be revived.
  if (entry?.held === false || engine.flights.get(request.key) !== undefined) return;
  engine.counters.refreshes++;
  if (engine.events.hears('refresh')) engine.events.emit('refresh', { key: request.key });
  // The next hits need not think of it again while this one is under way.
  if (entry !== undefined) {
    entry.postpone(Math.min(entry.freshUntil, engine.clock.now() + REFRESH_RETRY_MS));
  }
  takeOff(engine, request, 'refresh');
}

/** Whether the flight ends with what the shared tier has. */
function landsOn(
  engine: Engine,
  request: LoadRequest,
  flight: Flight,
  found: SharedEntry | undefined,
  purpose: Purpose,
): boolean {
  if (found === undefined || !isGood(engine, request, flight, found, purpose)) return false;
  landShared(engine, request, flight, found);
  end(engine, flight);
  return true;
}

/** The rest of a flight for which the shared tier had nothing fresh. */
async function flyOn(
  engine: Engine,
  request: LoadRequest,
  flight: Flight,
  purpose: Purpose,
): Promise<void> {
  let lease: Lease | undefined;
  engine.fences.enter(flight.fence);
  try {
    const shared = sharedFor(engine, request);
    if (shared?.isCoordinated === true) {
      const turn = await turnOf(engine, shared, request, flight, purpose);
      if (turn.kind === 'found') {
        landShared(engine, request, flight, turn.entry);
        return;
      }
      if (turn.kind === 'elsewhere') {
        // Callers that look again must not find this one.
        engine.flights.remove(flight);
        flight.land(ELSEWHERE);
        return;
      }
      lease = turn.lease;
    }
    await load(engine, request, flight, lease, purpose);
  } catch (error) {
    void lease?.release();
    flight.land({ ok: false, error });
  } finally {
    end(engine, flight);
  }
}

function end(engine: Engine, flight: Flight): void {
  engine.fences.lower(flight.fence);
  engine.flights.remove(flight);
}

function turnOf(
  engine: Engine,
  shared: SharedTier,
  request: LoadRequest,
  flight: Flight,
  purpose: Purpose,
): Promise<Turn> {
  const { options, clock } = engine;
  const elapsedMs = clock.now() - flight.startedAt;
  return takeTurn({
    engine,
    shared,
    flight,
    policy: request.policy,
    purpose,
    budgetMs: leftOfBudget(options.storeTimeoutMs, elapsedMs, flight.ownDelay, shared.ownDelay),
    isGood: (entry) => isGood(engine, request, flight, entry, purpose),
  });
}

async function load(
  engine: Engine,
  request: LoadRequest,
  flight: Flight,
  lease: Lease | undefined,
  purpose: Purpose,
): Promise<void> {
  const { key, policy, record } = request;
  flight.enter('loading', engine.clock.now());
  const stale = replacedValue(engine, flight);
  const value = await runLoader(engine, request, stale, flight.node);
  const isReload = purpose === 'reload';
  if (isSpent(engine, key, record?.name, value)) {
    void lease?.release();
    if (isReload) flight.proof = removeReplaced(engine, key);
    flight.land({ ok: true, value, source: 'spent' });
    return;
  }
  const onEntry = (entry: MemoryEntry | undefined): void => {
    keep(request, entry);
  };
  const filling = fill(engine, flight.fence, policy, value, lease, onEntry, isReload);
  flight.proof = filling;
  flight.land({ ok: true, value, source: 'load' });
  // The flight stays open until its fill has settled, so that no second load starts meanwhile.
  if (filling !== undefined) await filling;
}

function landShared(
  engine: Engine,
  request: LoadRequest,
  flight: Flight,
  found: SharedEntry,
): void {
  const life = timesOf(request, found);
  keep(request, engine.fillMemory(flight.fence, found.value, life, found.tags, found.tagClock));
  if (flight.isAwaited) flight.land({ ok: true, value: found.value, source: 'shared' });
  // With a memory tier it is the next hit there that starts the refresh.
  if (engine.memory !== undefined || life.refreshAt === undefined) return;
  const now = engine.clock.now();
  if (now < life.refreshAt || !engine.refreshes.isDue(request.key, now)) return;
  engine.refreshes.note(request.key, now + REFRESH_RETRY_MS);
  engine.flights.remove(flight);
  refreshInBackground(engine, request, undefined);
}

/** The value that the load replaces, which the loader may be able to confirm. */
function replacedValue(engine: Engine, flight: Flight): unknown {
  if (flight.stale !== undefined) return engine.ownCopy(flight.stale.value);
  const entry = engine.memory?.find(flight.key);
  return entry === undefined ? undefined : engine.memory?.valueOf(entry);
}

function keep(request: LoadRequest, entry: MemoryEntry | undefined): void {
  if (entry !== undefined) request.onEntry?.(entry);
}

/** Whether the shared tier's entry is fresh enough for the call; a stale one is kept aside. */
function isGood(
  engine: Engine,
  request: LoadRequest,
  flight: Flight,
  found: SharedEntry,
  purpose: Purpose,
): boolean {
  if (!engine.isCurrent(found, flight.fence)) return false;
  const now = engine.clock.now();
  if (now >= found.staleUntil) return false;
  const limit =
    purpose === 'refresh'
      ? (timesOf(request, found).refreshAt ?? found.freshUntil)
      : found.freshUntil;
  if (now < limit) return true;
  flight.foundStale(found);
  return false;
}

function timesOf(request: LoadRequest, found: SharedEntry): EntryLife {
  const { createdAt, freshUntil, staleUntil } = found;
  return {
    createdAt,
    freshUntil,
    staleUntil,
    refreshAt: refreshAt(request.policy.refresh, createdAt, freshUntil),
  };
}
