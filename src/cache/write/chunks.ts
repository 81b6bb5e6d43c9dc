import { DISPATCH } from '../../base/defaults.js';
import type { Lane } from '../../store/resilience/dispatcher.js';

/**
 * Cuts a list into chunks of one command each.
 *
 * @internal
 */
export function* chunksOf<T>(items: readonly T[]): Generator<readonly T[], void> {
  for (let i = 0; i < items.length; i += DISPATCH.chunk) yield items.slice(i, i + DISPATCH.chunk);
}

/** Writes that fit into one command are sent like a single write; larger calls yield to those. */
export function laneOf(items: number): Lane {
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
