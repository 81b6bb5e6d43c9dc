import type { SharedEntry } from '../store/shared-tier.js';
import { DISPATCH } from '../base/defaults.js';
import { chunksOf, inChunks } from './chunks.js';
import type { Engine } from './engine.js';

/**
 * Reads keys from the tiers without loading.
 *
 * @param counting - `silently` when it is not a read in the sense of the statistics.
 * @returns The fresh values of those that are there; a value may be `undefined`.
 * @internal
 */
export async function readMany(
  engine: Engine,
  keys: readonly string[],
  counting: 'counted' | 'silently' = 'counted',
): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  if (!engine.enabled) return found;
  const { counters, events } = engine;
  const memory = engine.servesMemory ? engine.memory : undefined;
  const missing: string[] = [];
  const now = engine.clock.now();
  for (const key of keys) {
    const entry = counting === 'silently' ? memory?.peek(key) : memory?.find(key);
    if (memory === undefined || entry === undefined || now >= entry.freshUntil) {
      missing.push(key);
      continue;
    }
    found.set(key, memory.valueOf(entry));
    if (counting === 'silently') continue;
    counters.memoryHits++;
    if (events.hears('hit')) events.emit('hit', { key, tier: 'memory' });
  }
  const shared = missing.length === 0 ? undefined : await readShared(engine, missing);
  for (const key of missing) {
    const hit = shared?.has(key) === true;
    if (hit) found.set(key, shared.get(key));
    if (counting === 'silently') continue;
    if (hit) {
      counters.sharedHits++;
      if (events.hears('hit')) events.emit('hit', { key, tier: 'shared' });
    } else {
      counters.misses++;
      if (events.hears('miss')) events.emit('miss', { key });
    }
  }
  return found;
}

/** After a chunk that got no reply, the rest are misses. */
async function readShared(
  engine: Engine,
  keys: readonly string[],
): Promise<Map<string, unknown> | undefined> {
  const { shared } = engine;
  if (shared === undefined) return undefined;
  const found = new Map<string, unknown>();
  if (keys.length <= DISPATCH.chunk) {
    // Together with what others read in this turn of the event loop.
    const read = (): Promise<readonly (SharedEntry | undefined)[]> =>
      Promise.all(keys.map((key) => shared.read(key)));
    await readChunk(engine, keys, read, found);
    return found;
  }
  await inChunks(chunksOf(keys), async (some, isSent) =>
    isSent ? await readChunk(engine, some, () => shared.readMany(some), found) : false,
  );
  return found;
}

/** Returns whether the store replied. */
async function readChunk(
  engine: Engine,
  keys: readonly string[],
  read: () => Promise<readonly (SharedEntry | undefined)[] | undefined>,
  found: Map<string, unknown>,
): Promise<boolean> {
  // Raised before the command is sent: see Fence.
  const fences = keys.map((key) => engine.raiseFence(key));
  try {
    const entries = await read();
    for (const [i, fence] of fences.entries()) {
      const entry = entries?.[i];
      if (entry === undefined || engine.clock.now() >= entry.freshUntil) continue;
      if (!engine.isCurrent(entry, fence)) continue;
      engine.fillMemory(fence, entry.value, entry, entry.tags, entry.tagClock);
      found.set(fence.key, entry.value);
    }
    return entries !== undefined;
  } finally {
    for (const fence of fences) engine.fences.lower(fence);
  }
}
