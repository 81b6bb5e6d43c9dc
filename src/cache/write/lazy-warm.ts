import { inSharedContext } from '../../base/shared-context.js';
import type { WarmJobs, WarmOptions, WarmReport } from './warm.js';

/**
 * Loads the code of {@link warmAll} and runs it. An array is read as it is at the call.
 *
 * @throws as {@link warmAll}.
 * @internal
 */
export async function warmAll<T>(
  items: Iterable<T> | AsyncIterable<T>,
  jobs: WarmJobs<T>,
  options: WarmOptions,
  monotonic: () => number,
): Promise<WarmReport> {
  const known = Array.isArray(items) ? (items.slice() as T[]) : items;
  const warming = await inSharedContext(() => import('./warm.js'));
  return await warming.warmAll(known, jobs, options, monotonic);
}
