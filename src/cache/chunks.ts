import { DISPATCH } from '../base/defaults.js';
import type { Lane } from '../store/dispatcher.js';

/**
 * Cuts a list into chunks of one command each.
 *
 * @internal
 */
export function* chunksOf<T>(items: readonly T[]): Generator<readonly T[], void> {
  for (let i = 0; i < items.length; i += DISPATCH.chunk) yield items.slice(i, i + DISPATCH.chunk);
}

/** Writes of a call that fits into one command go ahead like a single one; more yields to those. */
export function laneOf(items: number): Lane {
  return items <= DISPATCH.chunk ? 'write' : 'bulk';
}

/**
 * Runs chunk after chunk, some at a time. After one that got no reply, nothing more is sent.
 *
 * @param run - Sends a chunk; resolves to whether the store replied. Must not reject.
 * @param skip - Deals with a chunk that is not sent.
 * @internal
 */
export async function inChunks<T>(
  chunks: Iterable<readonly T[]>,
  run: (chunk: readonly T[]) => Promise<boolean>,
  skip: (chunk: readonly T[]) => Promise<unknown> | undefined,
): Promise<void> {
  const iterator = chunks[Symbol.iterator]();
  let isStopped = false;
  const work = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      if (isStopped) await skip(next.value);
      else if (!(await run(next.value))) isStopped = true;
    }
  };
  await Promise.all(Array.from({ length: DISPATCH.chunksInFlight }, work));
}
