import { isCacheError } from '../base/errors.js';
import type { EntryOwner, MemoryEntry } from '../memory/entry.js';
import type { MethodRecord } from '../stats/method-record.js';
import type { SharedEntry } from '../store/shared-tier.js';
import type { Engine } from './engine.js';
import { fill } from './fill.js';
import { Flight, OVERDUE, TAGS_FOLLOW, type Landing } from './flight.js';
import { LazyLoadContext } from './load-context.js';
import { runLoader, type Loader } from './loader.js';
import { refreshAt, type LoadPolicy } from './policy.js';

export type { EntryOwner, MemoryEntry };

/**
 * One call of get-or-load.
 *
 * @internal
 */
export interface LoadRequest {
  readonly key: string;
  readonly loader: Loader;
  readonly policy: LoadPolicy;
  /** The method's figures, when it is one. */
  readonly record?: MethodRecord | undefined;
  /** Told of the entry in memory that holds the value, so that it finds it by itself next time. */
  readonly onEntry?: ((entry: MemoryEntry) => void) | undefined;
}

/** After a refresh that failed, hits leave the loader alone for this long. */
const REFRESH_RETRY_MS = 1000;

/**
 * Reads through the tiers, and loads what none of them has.
 *
 * @returns A promise that rejects with the loader's own error, or LoadTimeoutError; nothing else.
 * @internal
 */
export function getOrLoad(engine: Engine, request: LoadRequest): Promise<unknown> {
  if (!engine.enabled) return bypass(request);
  const entry = engine.memory?.find(request.key);
  if (entry === undefined || engine.clock.now() >= entry.freshUntil) {
    return answer(engine, request, entry);
  }
  engine.memory?.touch(entry);
  countHit(engine, request, 'memory');
  keep(request, entry);
  if (engine.clock.now() >= entry.deadline) refreshInBackground(engine, entry, request);
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
  if (!engine.enabled) return undefined;
  const entry = engine.memory?.find(key);
  if (entry === undefined || engine.clock.now() >= entry.deadline) return undefined;
  engine.memory?.touch(entry);
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
  if (engine.memory?.clones === true) return Promise.resolve(engine.memory.valueOf(entry));
  return (entry.promise ??= Promise.resolve(entry.value));
}

/**
 * Loads and stores anew, whatever the tiers hold.
 *
 * @internal
 */
export async function reload(engine: Engine, request: LoadRequest): Promise<unknown> {
  if (!engine.enabled) return await bypass(request);
  engine.invalidateKey(request.key);
  const landing = await takeOff(engine, request, 'reload').landing;
  if (landing.ok) return engine.ownCopy(landing.value);
  throw landing.error;
}

async function answer(
  engine: Engine,
  request: LoadRequest,
  stale: MemoryEntry | undefined,
): Promise<unknown> {
  const { clock, flights } = engine;
  const { key, policy } = request;
  for (;;) {
    const now = clock.now();
    let flight = flights.get(key);
    let landing: Promise<Landing | typeof OVERDUE>;
    // Its value is known, and only waits for its fill: as good as a hit.
    const isKnown = flight?.landed === true;
    if (flight === undefined || flight.isOverdue(now, policy.leaseMs)) {
      flight = takeOff(engine, request, 'read');
      landing = flight.landing;
    } else {
      engine.counters.joined++;
      landing = flight.join(clock, policy.leaseMs);
    }
    const outcome = await orStale(engine, request, flight, landing, stale);
    if (outcome === OVERDUE) continue;
    if (!outcome.ok) {
      const expired = servable(engine, flight, stale);
      countMiss(engine, request);
      if (expired === undefined) throw outcome.error;
      const isLate = isCacheError(outcome.error) && outcome.error.code === 'ERR_LOAD_TIMEOUT';
      return serveStale(engine, request, expired, isLate ? 'timeout' : 'error');
    }
    if (isKnown) countHit(engine, request, 'memory');
    else if (outcome.source === 'load') countMiss(engine, request);
    else if (outcome.source === 'shared') countHit(engine, request, 'shared');
    return outcome.source === 'stale' ? outcome.value : engine.ownCopy(outcome.value);
  }
}

/** Waits for the outcome, but no longer than `softTimeout` when there is a stale value to serve. */
function orStale(
  engine: Engine,
  request: LoadRequest,
  flight: Flight,
  landing: Promise<Landing | typeof OVERDUE>,
  stale: MemoryEntry | undefined,
): Promise<Landing | typeof OVERDUE | StaleLanding> {
  const { softMs } = request.policy;
  if (softMs === undefined || (stale === undefined && engine.shared === undefined)) return landing;
  return new Promise((resolve) => {
    // Counted from the start of the load: a later caller need not wait for it all over again.
    const left = Math.max(0, flight.startedAt + softMs - engine.clock.now());
    let settled = false;
    const serve = (): void => {
      if (settled) return;
      const expired = servable(engine, flight, stale);
      if (expired === undefined) {
        // The shared tier may take longer than that to say what it has.
        flight.whenStale(serve);
        return;
      }
      settled = true;
      countMiss(engine, request);
      resolve({
        ok: true,
        value: serveStale(engine, request, expired, 'timeout'),
        source: 'stale',
      });
    };
    const timer = engine.clock.setTimeout(serve, left);
    void landing.then((outcome) => {
      settled = true;
      engine.clock.clearTimeout(timer);
      resolve(outcome);
    });
  });
}

interface StaleLanding {
  readonly ok: true;
  readonly value: unknown;
  readonly source: 'stale';
}

/** An expired value that may stand in: in its grace, and not invalidated since. */
function servable(
  engine: Engine,
  flight: Flight,
  inMemory: MemoryEntry | undefined,
): { readonly value: unknown } | undefined {
  const now = engine.clock.now();
  if (inMemory?.held === true && now < inMemory.staleUntil) {
    return { value: engine.memory?.valueOf(inMemory) };
  }
  const shared = flight.stale;
  if (shared === undefined || flight.fence.marked || now >= shared.staleUntil) return undefined;
  if (!engine.tags.isValid(shared.tags, shared.tagClock)) return undefined;
  return { value: engine.ownCopy(shared.value) };
}

function serveStale(
  engine: Engine,
  request: LoadRequest,
  expired: { readonly value: unknown },
  reason: 'error' | 'timeout',
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

function refreshInBackground(engine: Engine, entry: MemoryEntry, request: LoadRequest): void {
  // A listener may have removed the entry since it was found: it must not be revived.
  if (!entry.held || engine.flights.get(request.key) !== undefined) return;
  engine.counters.refreshes++;
  if (engine.events.hears('refresh')) engine.events.emit('refresh', { key: request.key });
  // The next hits need not think of it again while this one is under way.
  entry.deadline = Math.min(entry.freshUntil, engine.clock.now() + REFRESH_RETRY_MS);
  takeOff(engine, request, 'refresh');
}

type Purpose = 'read' | 'refresh' | 'reload';

/** Starts a flight: from here on, callers of the key join it. */
function takeOff(engine: Engine, request: LoadRequest, purpose: Purpose): Flight {
  const { tags } = request.policy;
  const flight = new Flight(
    request.key,
    engine.raiseFence(request.key),
    engine.clock.now(),
    typeof tags === 'function' ? TAGS_FOLLOW : tags,
  );
  engine.flights.add(flight);
  void fly(engine, request, flight, purpose);
  return flight;
}

async function fly(
  engine: Engine,
  request: LoadRequest,
  flight: Flight,
  purpose: Purpose,
): Promise<void> {
  try {
    if (engine.shared !== undefined && purpose !== 'reload') {
      const found = await engine.shared.read(request.key);
      if (found !== undefined && isGood(engine, request, flight, found, purpose)) {
        keep(
          request,
          engine.fillMemory(flight.fence, found.value, timesOf(request, found), found.tags),
        );
        flight.land({ ok: true, value: found.value, source: 'shared' });
        return;
      }
    }
    const stale = replacedValue(engine, flight);
    const { key, loader, policy, record } = request;
    const value = await runLoader(engine, key, loader, policy, stale, record);
    const filling = fill(engine, flight.fence, policy, value, (entry) => {
      keep(request, entry);
    });
    flight.land({ ok: true, value, source: 'load' });
    // The flight stays open until its fill has settled, so that nobody loads again meanwhile.
    if (filling !== undefined) await filling;
  } catch (error) {
    flight.land({ ok: false, error });
  } finally {
    engine.fences.lower(flight.fence);
    engine.flights.remove(flight);
  }
}

/** What the load replaces: for the loader's eyes, who may be able to confirm it. */
function replacedValue(engine: Engine, flight: Flight): unknown {
  if (flight.stale !== undefined) return engine.ownCopy(flight.stale.value);
  const entry = engine.memory?.find(flight.key);
  return entry === undefined ? undefined : engine.memory?.valueOf(entry);
}

function keep(request: LoadRequest, entry: MemoryEntry | undefined): void {
  if (entry !== undefined) request.onEntry?.(entry);
}

/** Whether the shared tier's entry answers the call; if it is merely expired, it is kept aside. */
function isGood(
  engine: Engine,
  request: LoadRequest,
  flight: Flight,
  found: SharedEntry,
  purpose: Purpose,
): boolean {
  if (!engine.tags.isValid(found.tags, found.tagClock)) return false;
  const now = engine.clock.now();
  const limit =
    purpose === 'refresh'
      ? (timesOf(request, found).refreshAt ?? found.freshUntil)
      : found.freshUntil;
  if (now < limit) return true;
  flight.foundStale(found);
  return false;
}

function timesOf(request: LoadRequest, { createdAt, freshUntil, staleUntil }: SharedEntry) {
  return {
    createdAt,
    freshUntil,
    staleUntil,
    refreshAt: refreshAt(request.policy.refresh, createdAt, freshUntil),
  };
}
