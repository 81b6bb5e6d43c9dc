import { Glob } from '../base/glob.js';
import type { EntryLife } from '../memory/entry.js';
import type { Engine } from './engine.js';

/**
 * Stores a value that the caller brings.
 *
 * @param noted - The tags' clock before the value was made; default: now.
 * @internal
 */
export async function store(
  engine: Engine,
  key: string,
  value: unknown,
  life: EntryLife,
  tags: readonly string[],
  noted = engine.tags.note(),
): Promise<void> {
  if (!engine.enabled) return;
  engine.invalidateKey(key);
  engine.counters.sets++;
  const fence = engine.fences.raise(key, noted);
  const kept = engine.shared === undefined ? value : engine.protect(value);
  try {
    if (engine.shared !== undefined) {
      const { shared } = engine;
      // Nobody may read the old value in memory while the new one is on its way.
      engine.memory?.drop(key);
      const entry = { value: kept, ...life, tags, tagClock: fence.tagClock };
      await engine.writes.run(key, () => shared.write(key, entry));
      // Reads that began before the acknowledgement may have seen the old value. When a later
      // write has marked this fence, it has marked theirs as well, and its own must stay clean.
      if (!fence.marked) engine.invalidateKey(key, fence);
    }
    if (fence.marked || !engine.tags.isValid(tags, fence.tagClock)) engine.memory?.drop(key);
    else engine.fillMemory(fence, kept, life, tags);
  } finally {
    engine.fences.lower(fence);
  }
  if (engine.events.hears('set')) engine.events.emit('set', { key });
}

/**
 * Removes a key from every tier.
 *
 * @returns Whether there was a value that had not expired.
 * @internal
 */
export async function remove(engine: Engine, key: string): Promise<boolean> {
  if (!engine.enabled) return false;
  const forget = (): boolean => {
    engine.invalidateKey(key);
    const dropped = engine.memory?.drop(key);
    return dropped !== undefined && engine.clock.now() < dropped.freshUntil;
  };
  let found = forget();
  const { shared } = engine;
  if (shared !== undefined) {
    const removed = await engine.writes.run(key, async () => {
      const there = await shared.remove(key);
      // Once more at the acknowledgement, before a later write gets its turn: what was read
      // meanwhile is the old value.
      forget();
      return there;
    });
    found ||= removed === true;
  }
  engine.counters.deletes++;
  engine.counters.invalidations++;
  if (engine.events.hears('delete')) engine.events.emit('delete', { key });
  return found;
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
  if (!engine.enabled) return 0;
  const forget = (): number => {
    let dropped = 0;
    for (const glob of globs) {
      engine.fences.markMatching(glob);
      engine.flights.detachMatching(glob);
      dropped += engine.memory?.dropMatching((key) => glob.matches(key)) ?? 0;
    }
    return dropped;
  };
  let cleared = forget();
  if (engine.shared !== undefined) {
    // A write that was asked for earlier must not land behind the pass.
    await engine.writes.settled();
    try {
      cleared = await engine.shared.removeMatching(globs);
    } finally {
      forget();
    }
  }
  engine.counters.invalidations++;
  if (engine.events.hears('invalidate')) {
    for (const pattern of patterns) engine.events.emit('invalidate', { pattern });
  }
  return cleared;
}

/**
 * Invalidates every entry that carries one of the tags, and every load under way that may yet.
 *
 * @returns How many entries in memory that were.
 * @internal
 */
export function invalidateTags(engine: Engine, tags: readonly string[]): number {
  if (!engine.enabled || tags.length === 0) return 0;
  engine.tags.invalidate(tags);
  engine.flights.detachTagged(new Set(tags));
  const dropped = engine.memory?.dropTagged(tags) ?? 0;
  engine.counters.invalidations++;
  if (engine.events.hears('invalidate')) engine.events.emit('invalidate', { tags });
  return dropped;
}
