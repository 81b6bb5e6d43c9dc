import { Glob } from '../base/glob.js';
import { isPrivateKey, publicKey } from '../base/private-key.js';
import type { EntryLife } from '../memory/entry.js';
import type { SharedEntry, SharedTier } from '../store/shared-tier.js';
import { budgetOf } from './budget.js';
import { CLAIMS, privateKeysOf } from './claims.js';
import type { Engine } from './engine.js';
import type { Fence } from './fence.js';

/** The clocks of tags at a moment before a value was made. */
export type TagNote = Pick<Fence, 'tagClock' | 'sharedClock'>;

/** Brings an entry to the shared tier; answers whether it may be kept in memory as well. */
export type ShareEntry = (
  shared: SharedTier,
  entry: SharedEntry,
  budgetMs: number,
) => Promise<boolean>;

/**
 * Stores a value that the caller brings.
 *
 * @param noted - The clocks of tags before the value was made; default: now.
 * @param share - How it gets to the shared tier; default: it replaces what is there.
 * @internal
 */
export async function store(
  engine: Engine,
  key: string,
  value: unknown,
  life: EntryLife,
  tags: readonly string[],
  noted?: TagNote,
  share: ShareEntry = async (shared, entry, budgetMs) => {
    await shared.write(key, entry, budgetMs);
    return true;
  },
): Promise<void> {
  if (!engine.enabled) {
    // It stores nothing, but what the others have under the key is out of date.
    await removeEntry(engine, key);
    return;
  }
  engine.invalidateKey(key);
  engine.writes.overtake([key]);
  engine.counters.sets++;
  const fence = noted
    ? engine.fences.raise(key, noted.tagClock, noted.sharedClock)
    : engine.raiseFence(key);
  const kept = engine.shared === undefined ? value : engine.protect(value);
  let isCurrent = true;
  try {
    if (engine.shared !== undefined) {
      const { shared, clock } = engine;
      // No reader may get the old value from memory while the new one is on its way.
      engine.memory?.drop(key);
      const left = budgetOf(clock, shared, engine.options.storeTimeoutMs);
      // Noted now, before any later invalidation; awaited in the queue, where no later write of the
      // key can overtake this one meanwhile.
      const noting =
        shared.isCoordinated && tags.length > 0 && noted === undefined
          ? shared.tagClock(left())
          : undefined;
      isCurrent = await engine.writes.run(key, async () => {
        // Without tags it is sent before any other code can block the event loop.
        if (noting !== undefined) fence.sharedClock = (await noting) ?? fence.sharedClock;
        const budgetMs = left();
        const tagClock = shared.isCoordinated ? fence.sharedClock : fence.tagClock;
        // Tags that were noted at no time could not be told from invalidated ones.
        if (tagClock === undefined && tags.length > 0) {
          await shared.remove(publicKey(key), budgetMs);
          return true;
        }
        return await share(
          shared,
          { value: kept, ...life, tags, tagClock: tagClock ?? 0 },
          budgetMs,
        );
      });
      // Reads that began before the acknowledgement may have seen the old value. So may those that
      // began after another write has marked this fence.
      engine.invalidateKey(key, fence);
    }
    if (isCurrent) keepOrDrop(engine, fence, kept, life, tags);
    else engine.memory?.drop(key);
  } finally {
    engine.fences.lower(fence);
  }
  if (engine.events.hears('set')) engine.events.emit('set', { key });
}

/**
 * Removes a key from every tier; for a private key, the public one with every private one of it.
 *
 * @returns Whether there was a value that had not expired.
 * @throws StoreError when the cache is off and its store did not confirm it; so do the others below.
 * @internal
 */
export async function remove(engine: Engine, entryKey: string): Promise<boolean> {
  const key = publicKey(entryKey);
  const found = await removeEntry(engine, key);
  engine.counters.deletes++;
  engine.counters.invalidations++;
  if (engine.events.hears('delete')) engine.events.emit('delete', { key });
  return found;
}

/**
 * The same, which counts as no removal by the caller.
 *
 * @internal
 */
export async function removeEntry(engine: Engine, entryKey: string): Promise<boolean> {
  const key = publicKey(entryKey);
  engine.writes.overtake([key]);
  const found = forgetKey(engine, key);
  const { clock, options } = engine;
  const removed = await engine.invalidateShared((shared) => {
    const left = budgetOf(clock, shared, options.storeTimeoutMs);
    return engine.writes.run(key, async () => {
      const there = await shared.remove(key, engine.enabled ? left() : undefined);
      // Once more at the acknowledgement, before a later write gets its turn: what was read
      // meanwhile is the old value.
      forgetKey(engine, key);
      return there;
    });
  });
  return found || removed === true;
}

/**
 * Removes a key from the shared tier only: what this process holds under a private key is newer.
 *
 * @internal
 */
export async function removeShared(engine: Engine, entryKey: string): Promise<void> {
  const key = publicKey(entryKey);
  await engine.invalidateShared((shared) =>
    engine.writes.run(key, () => shared.remove(key, engine.options.storeTimeoutMs)),
  );
}

/**
 * Removes the keys that match any of the patterns from every tier.
 *
 * @returns How many there were: in the shared tier if there is one, else in memory.
 * @throws ConfigurationError when the shared tier cannot list its keys.
 * @internal
 */
export async function clear(engine: Engine, patterns: readonly string[]): Promise<number> {
  const globs = patterns.map((pattern) => new Glob(pattern));
  const sum = (drop: (glob: Glob) => number): number =>
    globs.reduce((total, glob) => total + drop(glob), 0);
  const forget = (): number => sum((glob) => engine.forgetMatching(glob));
  const ofMethods = sum((glob) => forgetPrivate(engine, glob));
  const dropped = forget();
  const removed = await engine.invalidateShared(async (shared) => {
    // An earlier write must not land after the pass.
    await engine.writes.settled();
    try {
      return await shared.removeMatching(globs);
    } finally {
      forget();
    }
  });
  engine.counters.invalidations++;
  engine.counters.clears++;
  if (engine.events.hears('invalidate')) {
    for (const pattern of patterns) engine.events.emit('invalidate', { pattern });
  }
  return (removed ?? dropped) + ofMethods;
}

/**
 * Invalidates every entry that carries one of the tags, and every load under way that may yet.
 *
 * @returns How many entries in memory that were.
 * @internal
 */
export async function invalidateTags(engine: Engine, tags: readonly string[]): Promise<number> {
  if (tags.length === 0) return 0;
  const forget = (): number => {
    engine.tags.invalidate(tags);
    engine.flights.detachTagged(new Set(tags));
    return engine.memory?.dropTagged(tags) ?? 0;
  };
  const dropped = forget();
  await engine.invalidateShared(async (shared) => {
    // Tags of other stores are this process's own.
    if (!shared.isCoordinated) return;
    await shared.invalidateTags(tags);
    // Once more at the acknowledgement: what was read meanwhile may be from before.
    forget();
  });
  engine.counters.invalidations++;
  if (engine.events.hears('invalidate')) engine.events.emit('invalidate', { tags });
  return dropped;
}

/**
 * Removes a key from memory, with every private one of it. Operations under way store nothing there.
 *
 * @returns Whether there was a value that had not expired.
 * @internal
 */
export function forgetKey(engine: Engine, key: string): boolean {
  const now = engine.clock.now();
  const isFresh = (one: string): boolean => {
    const entry = engine.memory?.peek(one);
    return entry !== undefined && now < entry.freshUntil;
  };
  const wasFresh = isFresh(key) || privateKeysOf(engine[CLAIMS], key).some(isFresh);
  engine.invalidateKey(key);
  engine.memory?.drop(key);
  return wasFresh;
}

/**
 * Puts a stored value into memory. If an invalidation has overtaken it, memory keeps nothing of the
 * key: a read that ended just now may have put the old value there.
 *
 * @internal
 */
export function keepOrDrop(
  engine: Engine,
  fence: Fence,
  value: unknown,
  life: EntryLife,
  tags: readonly string[],
): void {
  const isKept =
    engine.tags.isValid(tags, fence.tagClock) &&
    engine.fillMemory(fence, value, life, tags, fence.sharedClock) !== undefined;
  if (!isKept) engine.memory?.drop(fence.key);
}

/** Drops the private entries that a pattern matches, which no other tier counts. */
function forgetPrivate(engine: Engine, glob: Glob): number {
  if (engine[CLAIMS].privates.size === 0) return 0;
  const matches = (key: string) => isPrivateKey(key) && glob.matches(publicKey(key));
  return engine.memory?.dropMatching(matches) ?? 0;
}
