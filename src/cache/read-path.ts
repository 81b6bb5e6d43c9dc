import type { TimerHandle } from '../base/clock.js';
import { isCacheError } from '../base/errors.js';
import type { EntryOwner, MemoryEntry } from '../memory/entry.js';
import type { MethodRecord } from '../stats/method-record.js';
import type { Engine } from './engine.js';
import type { CacheEvents } from './events.js';
import { readThrough, refreshInBackground, sharedFor, takeOff } from './flight-path.js';
import { Cycle, ELSEWHERE, OVERDUE, type Flight, type Joined } from './flight.js';
import { LazyLoadContext } from './load-context.js';
import { joinFrom, loadInCycle } from './load-cycle.js';
import { originOfCall } from './load-nesting.js';
import type { LoadRequest } from './load-request.js';
import { onOutcome } from './outcome-listeners.js';
import { loadAlone } from './spent-results.js';
import { removeEntry, removeShared } from './write-path.js';

export type { EntryOwner, LoadRequest, MemoryEntry };

/**
 * Reads through the tiers, and loads what none of them has.
 *
 * @returns A promise that rejects with the loader's own error, or LoadTimeoutError; nothing else.
 * @internal
 */
export function getOrLoad(engine: Engine, request: LoadRequest): Promise<unknown> {
  if (!engine.enabled) return bypass(request);
  const entry = engine.servesMemory ? engine.memory?.find(request.key) : undefined;
  if (entry === undefined) return answer(engine, request, entry);
  const now = engine.hits.now();
  if (now >= entry.freshUntil) return answer(engine, request, entry);
  countHit(engine, request, 'memory');
  request.onEntry?.(entry);
  if (now >= entry.deadline) refreshInBackground(engine, request, entry);
  return promiseOf(engine, entry);
}

/**
 * A plain memory hit, for which no request need be put together.
 *
 * @returns The entry, already counted; `undefined` when there is more to do.
 * @internal
 */
export function plainHit(
  engine: Engine,
  key: string,
  record: MethodRecord | undefined,
): MemoryEntry | undefined {
  if (!engine.servesMemory) return undefined;
  const entry = engine.memory?.find(key);
  if (entry === undefined || !entry.isReady(engine.hits.ticks())) return undefined;
  countHit(engine, { key, record }, 'memory');
  return entry;
}

/** Calls the loader as though there were no cache. */
function bypass(request: LoadRequest): Promise<unknown> {
  if (request.record !== undefined) request.record.bypasses++;
  return new Promise((resolve) => {
    resolve(request.loader(new LazyLoadContext(request.key, undefined)));
  });
}

/**
 * The value of an entry as a promise: the same one for every reader, unless readers get copies.
 *
 * @internal
 */
export function promiseOf(engine: Engine, entry: MemoryEntry): Promise<unknown> {
  if (engine.memory?.protection.clones === true)
    return Promise.resolve(engine.memory.valueOf(entry));
  return entry.toPromise();
}

/**
 * Loads and stores again, even if the tiers hold a fresh value. Settles when the result is
 * acknowledged, as a `set` does.
 *
 * @internal
 */
export async function reload(engine: Engine, request: LoadRequest): Promise<unknown> {
  if (!engine.enabled) {
    const value = await bypass(request);
    await removeEntry(engine, request.key);
    return value;
  }
  engine.invalidateKey(request.key);
  const origin = originOfCall();
  const flight = takeOff(engine, request, 'reload');
  flight.node.add(origin);
  const landing = await flight.landing;
  flight.node.remove(origin, engine.clock);
  if (landing === ELSEWHERE) return await getOrLoad(engine, request);
  if (!landing.ok) throw landing.error;
  await flight.proof;
  // Other processes may share the key, and what they have is out of date.
  if (request.policy.isPrivate) await removeShared(engine, request.key);
  return landing.source === 'spent' ? landing.value : engine.ownCopy(landing.value);
}

function answer(
  engine: Engine,
  request: LoadRequest,
  stale: MemoryEntry | undefined,
): Promise<unknown> {
  const shared = sharedFor(engine, request);
  if (stale === undefined && engine.spentKeys.size > 0 && engine.spentKeys.has(request.key)) {
    countMiss(engine, request);
    return loadAlone(engine, request);
  }
  const isPlain = stale === undefined && request.policy.softMs === undefined;
  if (!isPlain || shared === undefined || engine.flights.get(request.key) !== undefined) {
    return settle(engine, request, stale, undefined);
  }
  return readThrough(
    engine,
    shared,
    request,
    (found) => {
      countHit(engine, request, 'shared');
      return engine.ownCopy(found.value);
    },
    (flight) => settle(engine, request, undefined, flight),
  );
}

/** @param own - The caller's own flight, if it has taken off already. */
async function settle(
  engine: Engine,
  request: LoadRequest,
  stale: MemoryEntry | undefined,
  own: Flight | undefined,
): Promise<unknown> {
  const { clock } = engine;
  const { leaseMs } = request.policy;
  const origin = originOfCall();
  let mayWaitForProof = true;
  /** The flight that was not proven: even where one joins freely by now, it is too old. */
  let unproven: Flight | undefined;
  /** After a full lease, the caller does not wait for another process as well. */
  let hasWaited = false;
  /** Loads that failed while it had joined them, probably by another caller's signal. */
  let aborted = 0;
  for (let mine = own; ; mine = undefined) {
    const other =
      mine === undefined ? joinable(engine, request, mayWaitForProof, unproven) : undefined;
    const flight = mine ?? other ?? takeOff(engine, request, 'read', hasWaited);
    const mayJoin = other !== undefined;
    if (mayJoin) engine.counters.joined++;
    // Its value is known, and only waits for its fill: as good as a hit.
    const isKnown = mayJoin && flight.landed;
    const needsProof = mayJoin && !engine.joinsFreely && flight.stage === 'loading';
    flight.node.add(origin);
    const landing = mayJoin ? joinFrom(origin, flight, clock, leaseMs) : flight.landing;
    const outcome = await orStale(engine, request, flight, landing, stale);
    flight.node.remove(origin, clock);
    if (outcome === OVERDUE) {
      hasWaited = true;
      continue;
    }
    if (outcome instanceof Cycle) {
      countMiss(engine, request);
      return await loadInCycle(engine, request, outcome, origin);
    }
    if (outcome === ELSEWHERE) {
      const expired = servable(engine, flight, stale);
      if (expired === undefined) continue;
      countMiss(engine, request);
      return serveStale(engine, request, expired, 'lease');
    }
    if (!outcome.ok) {
      const expired = servable(engine, flight, stale);
      if (expired === undefined && mayJoin && aborted++ < flight.node.joinerRetries) continue;
      countMiss(engine, request);
      if (expired === undefined) throw outcome.error;
      const isLate = isCacheError(outcome.error) && outcome.error.code === 'ERR_LOAD_TIMEOUT';
      return serveStale(engine, request, expired, isLate ? 'timeout' : 'error');
    }
    if (outcome.source === 'spent') {
      countMiss(engine, request);
      return mayJoin ? await loadAlone(engine, request, origin) : outcome.value;
    }
    if (needsProof && outcome.source === 'load' && !(await flight.proof)) {
      // It began before this call, and something has been invalidated since.
      mayWaitForProof = false;
      unproven = flight;
      continue;
    }
    if (outcome.source === 'stale') {
      // Here, in the caller's context, and not in that of the timer.
      countMiss(engine, request);
      return serveStale(engine, request, outcome.expired, outcome.reason);
    }
    if (isKnown) countHit(engine, request, 'memory');
    else if (outcome.source === 'load') countMiss(engine, request);
    else countHit(engine, request, 'shared');
    return engine.ownCopy(outcome.value);
  }
}

/** The flight that a caller may wait for; `undefined` when it has to start another. */
function joinable(
  { flights, clock, joinsFreely, shared }: Engine,
  { key, policy: { leaseMs } }: LoadRequest,
  mayWaitForProof: boolean,
  unproven: Flight | undefined,
): Flight | undefined {
  const other = flights.get(key);
  if (other === undefined || other === unproven) return undefined;
  const now = clock.now();
  if (other.isOverdue(now, leaseMs) && !flights.hasSuccessor(key, now, leaseMs)) return undefined;
  if (joinsFreely) return other;
  const isAdmitted =
    other.admits(shared?.gathering) && (mayWaitForProof || other.stage !== 'loading');
  return isAdmitted ? other : undefined;
}

/**
 * Waits for the outcome, but when there is a stale value to serve, no longer than `softTimeout`, and
 * not for another process.
 */
function orStale(
  engine: Engine,
  request: LoadRequest,
  flight: Flight,
  landing: Promise<Joined>,
  stale: MemoryEntry | undefined,
): Promise<Joined | StaleLanding> {
  const { softMs } = request.policy;
  const mayServe = stale !== undefined || (softMs !== undefined && engine.shared !== undefined);
  if (!mayServe || (softMs === undefined && engine.shared?.isCoordinated !== true)) return landing;
  return new Promise((resolve) => {
    let isLate = false;
    let stopListening: (() => void) | undefined;
    let timer: TimerHandle = undefined;
    const settle = (outcome: Joined | StaleLanding): void => {
      if (timer !== undefined) engine.clock.clearTimeout(timer);
      stopListening?.();
      stopWaiting();
      resolve(outcome);
    };
    const stopWaiting = onOutcome(landing, settle);
    const serve = (): void => {
      const expired =
        isLate || flight.stage === 'waiting' ? servable(engine, flight, stale) : undefined;
      if (expired !== undefined) {
        settle({ ok: true, source: 'stale', expired, reason: isLate ? 'timeout' : 'lease' });
      } else {
        // The shared tier may take longer than that to say what it has, and who else is loading.
        stopListening?.();
        stopListening = flight.whenStale(serve);
      }
    };
    if (softMs === undefined) {
      serve();
      return;
    }
    stopListening = flight.whenStale(serve);
    // Counted from the start of the load: a later caller need not wait for it all over again.
    const late = (): void => {
      isLate = true;
      serve();
    };
    const leftMs = flight.startedAt + softMs - engine.clock.now();
    timer = engine.clock.setTimeout(late, Math.max(0, leftMs));
  });
}

interface StaleLanding {
  readonly ok: true;
  readonly source: 'stale';
  readonly expired: { readonly value: unknown };
  readonly reason: CacheEvents['stale']['reason'];
}

/** An expired value that may stand in: in its grace, and not invalidated since. */
function servable(
  engine: Engine,
  flight: Flight,
  inMemory: MemoryEntry | undefined,
): { readonly value: unknown } | undefined {
  const now = engine.clock.now();
  if (inMemory?.held === true && engine.servesMemory && now < inMemory.staleUntil) {
    return { value: engine.memory?.valueOf(inMemory) };
  }
  const shared = flight.stale;
  if (shared === undefined || now >= shared.staleUntil) return undefined;
  if (flight.fence.marked || flight.fence.doubtful) return undefined;
  if (!engine.isCurrent(shared, flight.fence)) return undefined;
  return { value: engine.ownCopy(shared.value) };
}

function serveStale(
  engine: Engine,
  request: LoadRequest,
  expired: { readonly value: unknown },
  reason: CacheEvents['stale']['reason'],
): unknown {
  engine.counters.stale++;
  if (request.record !== undefined) request.record.stale++;
  if (engine.events.hears('stale')) engine.events.emit('stale', { key: request.key, reason });
  return expired.value;
}

function countMiss(engine: Engine, request: LoadRequest): void {
  engine.counters.misses++;
  if (request.record !== undefined) request.record.misses++;
  if (engine.events.hears('miss')) engine.events.emit('miss', { key: request.key });
}

function countHit(
  engine: Engine,
  request: Pick<LoadRequest, 'key' | 'record'>,
  tier: 'memory' | 'shared',
): void {
  if (tier === 'memory') engine.counters.memoryHits++;
  else engine.counters.sharedHits++;
  if (request.record !== undefined) request.record.hits++;
  if (engine.events.hears('hit')) engine.events.emit('hit', { key: request.key, tier });
}
