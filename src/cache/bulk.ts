import type { EntryLife } from '../memory/entry.js';
import type { Lane } from '../store/dispatcher.js';
import type { KeyedEntry, SharedTier } from '../store/shared-tier.js';
import { budgetOf } from './budget.js';
import { chunksOf, inChunks, laneOf } from './chunks.js';
import type { Engine } from './engine.js';
import type { Fence } from './fence.js';
import type { BulkTurn } from './write-queue.js';

/** A checked entry of `setMany`. */
export interface BulkEntry {
  /** Below the namespace of the engine. */
  readonly key: string;
  /** As the caller wrote it. */
  readonly given: string;
  readonly value: unknown;
  readonly tags: readonly string[];
  /** Its times, from the moment at which it is stored. */
  readonly life: () => EntryLife;
}

/** What `setMany` did. */
export interface SetManyResult {
  /** Entries that were stored: in the shared tier if there is one. */
  readonly stored: number;
  /** Keys of the entries that the shared tier did not acknowledge, as they were given. */
  readonly failed: readonly string[];
}

/** An entry that is being stored. */
interface Open {
  readonly source: BulkEntry;
  readonly fence: Fence;
  readonly kept: unknown;
}

/** What a chunk needs besides its entries. */
interface BulkCall {
  readonly engine: Engine;
  readonly turn: BulkTurn;
  readonly lane: Lane;
  /** The store's clock of tags from before the call; `undefined` when it is not needed. */
  readonly noting: Promise<number | undefined> | undefined;
}

/**
 * Stores several values, chunk by chunk, each as `set` stores one. After a chunk that got no reply,
 * the rest is kept in memory, and what the store has of it is logged as out of date.
 *
 * @internal
 */
export async function storeMany(
  engine: Engine,
  entries: readonly BulkEntry[],
): Promise<SetManyResult> {
  if (!engine.enabled) return await storeNothing(engine, entries);
  const failed: string[] = [];
  const { shared, writes } = engine;
  // Of equal keys the last one counts.
  const latest = [...new Map(entries.map((entry) => [entry.key, entry])).values()];
  // All at once: an invalidation that comes while the first chunks are sent concerns the last ones.
  const opened = latest.map((source) => open(engine, source));
  const hasTags = latest.some(({ tags }) => tags.length > 0);
  const noting =
    shared?.isCoordinated === true && hasTags
      ? shared.tagClock(engine.options.storeTimeoutMs)
      : undefined;
  const keys = latest.map(({ key }) => key);
  await writes.runBulk(keys, async (turn) => {
    const call: BulkCall = { engine, turn, lane: laneOf(latest.length), noting };
    const run = async (some: readonly Open[], isSent: boolean): Promise<boolean> => {
      const outcome = await storeChunk(call, some, isSent);
      for (const [i, { source }] of some.entries()) {
        if (outcome?.[i] !== true) failed.push(source.given);
      }
      return outcome !== undefined;
    };
    await inChunks(
      chunksOf(opened),
      (some) => run(some, true),
      (some) => run(some, false),
    );
  });
  return { stored: latest.length - failed.length, failed };
}

/** A cache that is off stores nothing, but what the others have under the keys is out of date. */
async function storeNothing(engine: Engine, entries: readonly BulkEntry[]): Promise<SetManyResult> {
  try {
    await removeMany(engine, [...new Set(entries.map(({ key }) => key))]);
    return { stored: 0, failed: [] };
  } catch (error) {
    engine.report(error);
    return { stored: 0, failed: entries.map(({ given }) => given) };
  }
}

function open(engine: Engine, source: BulkEntry): Open {
  const { key, value } = source;
  engine.invalidateKey(key);
  engine.counters.sets++;
  const fence = engine.raiseFence(key);
  if (engine.shared === undefined) return { source, fence, kept: value };
  // No reader may get the old value from memory while the new one is on its way.
  engine.memory?.drop(key);
  return { source, fence, kept: engine.protect(value) };
}

/**
 * @param isSent - Whether the store is still asked.
 * @returns For each whether it is stored; `undefined` without a reply of the store.
 */
async function storeChunk(
  call: BulkCall,
  some: readonly Open[],
  isSent: boolean,
): Promise<readonly boolean[] | undefined> {
  const { engine, turn } = call;
  const { shared, events, fences, writes } = engine;
  try {
    if (shared === undefined) {
      for (const { source, fence, kept } of some) {
        if (!keepInMemory(engine, source, fence, kept)) engine.memory?.drop(source.key);
      }
      return some.map(() => true);
    }
    const sharedClock = await call.noting;
    for (const { fence } of some) fence.sharedClock = sharedClock ?? fence.sharedClock;
    const keys = some.map(({ source }) => source.key);
    return await writes.runMany(keys, async () => {
      const mine = some.filter(({ source }) => !turn.skips(source.key));
      const stored = isSent ? await share(call, shared, mine) : undefined;
      if (!isSent) shared.postpone(mine.map(({ source }) => source.key));
      for (const { source, fence, kept } of mine) {
        // As in `store`: reads that began before the acknowledgement may have seen the old value.
        engine.invalidateKey(source.key, fence);
        if (!keepInMemory(engine, source, fence, kept)) engine.memory?.drop(source.key);
      }
      return stored && keys.map((key) => stored.has(key) || turn.has(key));
    });
  } finally {
    for (const { fence } of some) fences.lower(fence);
    if (events.hears('set')) for (const { source } of some) events.emit('set', { key: source.key });
  }
}

function keepInMemory(engine: Engine, source: BulkEntry, fence: Fence, kept: unknown): boolean {
  const { tags } = source;
  return (
    !fence.marked &&
    engine.tags.isValid(tags, fence.tagClock) &&
    engine.fillMemory(fence, kept, source.life(), tags, fence.sharedClock) !== undefined
  );
}

/** Brings entries to the shared tier; returns the keys that it acknowledged. */
async function share(
  { engine, lane }: BulkCall,
  shared: SharedTier,
  some: readonly Open[],
): Promise<ReadonlySet<string> | undefined> {
  const left = budgetOf(engine.clock, shared, engine.options.storeTimeoutMs);
  const entries: KeyedEntry[] = [];
  const removed: string[] = [];
  for (const { source, fence, kept } of some) {
    const { key, tags } = source;
    const tagClock = shared.isCoordinated ? fence.sharedClock : fence.tagClock;
    // An entry with tags needs the clock to be told from an invalidated one. A pattern that was
    // cleared since the call must not miss the entry; writes of the key itself are ordered by the queue.
    if (fence.cleared || (tagClock === undefined && tags.length > 0)) removed.push(key);
    else {
      entries.push({
        key,
        entry: { value: kept, ...source.life(), tags, tagClock: tagClock ?? 0 },
      });
    }
  }
  const [stored, gone] = await Promise.all([
    shared.writeMany(entries, left(), lane),
    removed.length === 0 ? [] : shared.removeMany(removed, left(), lane),
  ]);
  if (stored === undefined || gone === undefined) return undefined;
  const acknowledged = new Set<string>();
  for (const [i, { key }] of entries.entries()) if (stored[i] === true) acknowledged.add(key);
  for (const { source, fence } of some) if (fence.cleared) acknowledged.add(source.key);
  return acknowledged;
}

/**
 * Removes several keys from every tier, chunk by chunk. After a chunk that got no reply, what the
 * store has of the rest is logged as out of date.
 *
 * @returns How many had a value that had not expired.
 * @internal
 */
export async function removeMany(engine: Engine, keys: readonly string[]): Promise<number> {
  const { writes, counters, events } = engine;
  // Memory is clean before the first reply, however many chunks there are.
  const found = new Set(keys.filter((key) => forget(engine, key)));
  await engine.invalidateShared((shared) =>
    writes.runBulk(keys, async (turn) => {
      const lane = laneOf(keys.length);
      const run = async (some: readonly string[], isSent: boolean): Promise<boolean> => {
        const mine = some.filter((key) => !turn.skips(key));
        const removed = await removeChunk(engine, shared, mine, isSent ? lane : undefined);
        for (const key of removed ?? []) found.add(key);
        return removed !== undefined;
      };
      await inChunks(
        chunksOf(keys),
        (some) => run(some, true),
        (some) => run(some, false),
      );
    }),
  );
  counters.deletes += keys.length;
  counters.invalidations += keys.length;
  if (events.hears('delete')) for (const key of keys) events.emit('delete', { key });
  return found.size;
}

/**
 * @param lane - `undefined`: the store is not asked any more.
 * @returns The keys that had a fresh entry in the store; `undefined` without a reply.
 */
async function removeChunk(
  engine: Engine,
  shared: SharedTier,
  keys: readonly string[],
  lane: Lane | undefined,
): Promise<readonly string[] | undefined> {
  return await engine.writes.runMany(keys, async () => {
    const left = budgetOf(engine.clock, shared, engine.options.storeTimeoutMs);
    if (lane === undefined) shared.postpone(keys);
    const removed =
      lane === undefined
        ? undefined
        : await shared.removeMany(keys, engine.enabled ? left() : undefined, lane);
    // Once more at the acknowledgement: what was read meanwhile is the old value.
    for (const key of keys) forget(engine, key);
    return removed && keys.filter((_, i) => removed[i] === true);
  });
}

/** Removes a key from memory; returns whether it had a fresh value. */
function forget(engine: Engine, key: string): boolean {
  engine.invalidateKey(key);
  const entry = engine.memory?.peek(key);
  const wasFresh = entry !== undefined && engine.clock.now() < entry.freshUntil;
  engine.memory?.drop(key);
  return wasFresh;
}
