import type { SharedEntry } from '../../store/shared-tier.js';
import { DISPATCH } from '../../base/options/defaults.js';
import { loadSharedCode } from '../core/lazy-code.js';
import type { CacheCore } from '../core/cache-core.js';
import { reportHit, reportMiss } from '../events.js';

/**
 * Reads keys from the tiers without loading.
 *
 * @param counting - `silently` if the statistics should not count the read.
 * @returns The fresh values that were found; a value may be `undefined`.
 * @internal
 */
export async function readMany(
  core: CacheCore,
  keys: readonly string[],
  counting: 'counted' | 'silently' = 'counted',
): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  if (!core.enabled) return found;
  const isCounted = counting === 'counted';
  const missing = readMemory(core, keys, found, isCounted);
  const shared = missing.length === 0 ? undefined : await readShared(core, missing);
  for (const key of missing) {
    const isHit = shared?.has(key) === true;
    if (isHit) found.set(key, shared.get(key));
    if (!isCounted) continue;
    if (isHit) {
      reportHit(core, { key }, 'shared');
    } else {
      reportMiss(core, { key });
      // Its reader may load the value, and store it by `set`.
      core.memory?.noteMiss(key);
    }
  }
  return found;
}

/** Returns the keys that memory does not have. */
function readMemory(
  core: CacheCore,
  keys: readonly string[],
  found: Map<string, unknown>,
  isCounted: boolean,
): readonly string[] {
  const { memory } = core;
  if (memory === undefined || !core.trust.canUseMemory) return keys;
  const missing: string[] = [];
  const now = core.clock.now();
  for (const key of keys) {
    // Only a counted read is a use of the entry.
    const entry = isCounted ? memory.find(key) : memory.peek(key);
    if (entry === undefined || now >= entry.freshUntil) {
      missing.push(key);
      continue;
    }
    found.set(key, memory.valueOf(entry));
    if (isCounted) reportHit(core, { key }, 'memory');
  }
  return missing;
}

/** If a chunk gets no reply, all remaining keys are misses. */
async function readShared(
  core: CacheCore,
  keys: readonly string[],
): Promise<Map<string, unknown> | undefined> {
  const { shared } = core;
  if (shared === undefined) return undefined;
  const found = new Map<string, unknown>();
  if (keys.length <= DISPATCH.chunk) {
    // Together with what others read in this turn of the event loop.
    const read = (): Promise<readonly (SharedEntry | undefined)[]> =>
      Promise.all(keys.map((key) => shared.read(key)));
    await readChunk(core, keys, read, found);
    return found;
  }
  const bulk = await loadSharedCode();
  await bulk?.inChunks(bulk.chunksOf(keys), async (some, isSent) =>
    isSent ? await readChunk(core, some, () => shared.readMany(some), found) : false,
  );
  return found;
}

/** Returns whether the store replied. */
async function readChunk(
  core: CacheCore,
  keys: readonly string[],
  read: () => Promise<readonly (SharedEntry | undefined)[] | undefined>,
  found: Map<string, unknown>,
): Promise<boolean> {
  // Opened before the command is sent: see `Fence`.
  const fences = keys.map((key) => core.invalidation.openFence(key));
  try {
    const entries = await read();
    for (const [i, fence] of fences.entries()) {
      const entry = entries?.[i];
      if (entry === undefined || core.clock.now() >= entry.freshUntil) continue;
      if (!core.invalidation.areTagsValid(entry, fence)) continue;
      core.values.fill(fence, entry.value, entry, entry.tags, entry.tagClock);
      found.set(fence.key, entry.value);
    }
    return entries !== undefined;
  } finally {
    for (const fence of fences) core.invalidation.fences.close(fence);
  }
}
