import { DISPATCH } from '../../base/options/defaults.js';
import type { EntryLife } from '../../memory/entry.js';
import type { Lane } from '../../store/resilience/dispatcher.js';
import type { KeyedEntry, SharedTier } from '../../store/shared-tier.js';
import type { Fence } from '../coherence/fences.js';
import { startBudget } from '../core/budget.js';
import type { CacheCore } from '../core/cache-core.js';
import type { OvertakenKeys } from './queue.js';
import { endUpdate, keepUpdate, sharedEntry } from './update.js';

/*
 * The part of bulk calls that only a shared tier needs. It is loaded on first use; see `core/lazy-code.ts`.
 */

/** A checked entry of `setMany`. */
export interface BulkEntry {
  /** With the namespace within the cache, but without that of the shared tier. */
  readonly key: string;
  /** The key as the caller passed it. */
  readonly given: string;
  readonly value: unknown;
  readonly tags: readonly string[];
  /** Its times, from the moment at which it is stored. */
  readonly life: () => EntryLife;
}

/** An entry of `setMany` that is being stored. */
export interface OpenEntry {
  readonly source: BulkEntry;
  readonly fence: Fence;
  readonly kept: unknown;
}

/** An entry on its way to the shared tier. */
interface Sent {
  readonly open: OpenEntry;
  /** The same in every tier. */
  readonly life: EntryLife;
  /** Whether the shared tier has acknowledged it. */
  isStored: boolean;
}

/** The state that all chunks of one call share. */
interface BulkCall {
  readonly core: CacheCore;
  readonly shared: SharedTier;
  readonly overtaken: OvertakenKeys;
  readonly lane: Lane;
  /** The store's clock of tags from before the call; `undefined` when it is not needed. */
  readonly noting: Promise<number | undefined> | undefined;
}

/**
 * Sends entries to the shared tier, chunk by chunk, and keeps them in memory.
 *
 * @returns The keys of those that the shared tier did not acknowledge, as they were given.
 * @internal
 */
export async function storeChunks(
  given: Omit<BulkCall, 'lane'>,
  opened: readonly OpenEntry[],
): Promise<readonly string[]> {
  const call: BulkCall = { ...given, lane: laneOf(opened.length) };
  const failed: string[] = [];
  await inChunks(chunksOf(opened), async (some, isSent) => {
    const refused = await storeChunk(call, some, isSent);
    for (const { source } of refused ?? some) failed.push(source.given);
    return refused !== undefined;
  });
  return failed;
}

/**
 * @param isSent - Whether anything is sent to the store.
 * @returns Those that the store refused; `undefined` when it did not reply.
 */
async function storeChunk(
  call: BulkCall,
  some: readonly OpenEntry[],
  isSent: boolean,
): Promise<readonly OpenEntry[] | undefined> {
  const { core, shared, overtaken } = call;
  try {
    const sharedClock = await call.noting;
    for (const { fence } of some) fence.sharedClock = sharedClock ?? fence.sharedClock;
    const keys = some.map(({ source }) => source.key);
    return await core.writes.runMany(keys, async () => {
      const mine: Sent[] = [];
      for (const open of some) {
        if (overtaken.leaveToLaterWrite(open.source.key)) continue;
        mine.push({ open, life: open.source.life(), isStored: false });
      }
      if (!isSent) shared.logPending(mine.map(({ open: { source } }) => source.key));
      const hasReplied = isSent && (await writeShared(call, mine));
      const refused: OpenEntry[] = [];
      for (const { open, life, isStored } of mine) {
        const { source, fence, kept } = open;
        keepUpdate(core, fence, kept, life, source.tags);
        if (!isStored && !overtaken.has(source.key)) refused.push(open);
      }
      return hasReplied ? refused : undefined;
    });
  } finally {
    for (const { fence } of some) endUpdate(core, fence);
  }
}

/** Stores entries in the shared tier and records which it acknowledged; returns whether it replied. */
async function writeShared(
  { core, shared, lane }: BulkCall,
  some: readonly Sent[],
): Promise<boolean> {
  const leftMs = startBudget(core, shared);
  const entries: KeyedEntry[] = [];
  const storing: Sent[] = [];
  const removed: string[] = [];
  for (const one of some) {
    const { source, fence, kept } = one.open;
    const entry = sharedEntry(shared, fence, kept, one.life, source.tags);
    // A pattern that was cleared since the call must not miss the entry; the queue orders writes of the
    // key itself.
    if (fence.cleared || entry === undefined) {
      removed.push(source.key);
      continue;
    }
    storing.push(one);
    entries.push({ key: source.key, entry });
  }
  const [stored, gone] = await Promise.all([
    shared.writeMany(entries, leftMs(), lane),
    removed.length === 0 ? [] : shared.removeMany(removed, leftMs(), lane),
  ]);
  if (stored === undefined || gone === undefined) return false;
  for (const [i, one] of storing.entries()) one.isStored = stored[i] === true;
  for (const one of some) if (one.open.fence.cleared) one.isStored = true;
  return true;
}

/**
 * Removes keys from the shared tier, chunk by chunk.
 *
 * @returns The keys that had a fresh entry there.
 * @internal
 */
export async function removeChunks(
  core: CacheCore,
  shared: SharedTier,
  overtaken: OvertakenKeys,
  keys: readonly string[],
): Promise<readonly string[]> {
  const lane = laneOf(keys.length);
  const found: string[] = [];
  await inChunks(chunksOf(keys), async (some, isSent) => {
    const mine = some.filter((key) => !overtaken.leaveToLaterWrite(key));
    const removed = await removeChunk(core, shared, mine, isSent ? lane : undefined);
    found.push(...(removed ?? []));
    return removed !== undefined;
  });
  return found;
}

/**
 * @param lane - `undefined`: nothing is sent.
 * @returns The keys that had a fresh entry in the store; `undefined` without a reply.
 */
async function removeChunk(
  core: CacheCore,
  shared: SharedTier,
  keys: readonly string[],
  lane: Lane | undefined,
): Promise<readonly string[] | undefined> {
  return await core.writes.runMany(keys, async () => {
    const leftMs = startBudget(core, shared);
    if (lane === undefined) shared.logPending(keys);
    const removed =
      lane === undefined
        ? undefined
        : await shared.removeMany(keys, core.enabled ? leftMs() : undefined, lane);
    // Again at the acknowledgement: reads in the meantime may have returned the old value.
    for (const key of keys) core.invalidation.removeKey(key, 'local');
    return removed && keys.filter((_, i) => removed[i] === true);
  });
}

/**
 * Cuts a list into chunks of one command each.
 *
 * @internal
 */
export function* chunksOf<T>(items: readonly T[]): Generator<readonly T[], void> {
  for (let i = 0; i < items.length; i += DISPATCH.chunk) yield items.slice(i, i + DISPATCH.chunk);
}

/** Writes that fit into one command are sent like a single write; larger calls yield to those. */
function laneOf(items: number): Lane {
  return items <= DISPATCH.chunk ? 'write' : 'bulk';
}

/**
 * Runs chunk after chunk, several at a time. After one that got no reply, nothing more is sent.
 *
 * @param run - Sends a chunk, or deals with one that is not sent; resolves to whether the store
 * replied. Must not reject.
 * @internal
 */
export async function inChunks<T>(
  chunks: Iterable<readonly T[]>,
  run: (chunk: readonly T[], isSent: boolean) => Promise<boolean>,
): Promise<void> {
  const iterator = chunks[Symbol.iterator]();
  let isStopped = false;
  const work = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      if (!(await run(next.value, !isStopped))) isStopped = true;
    }
  };
  await Promise.all(Array.from({ length: DISPATCH.chunksInFlight }, work));
}
