import { bulkEntry, type NamespacedCore } from '../arguments.js';
import { storeMany, type BulkEntry } from './bulk.js';
import type { LoadEntry, SetEntry, WarmEntry } from '../policy.js';
import { warmAll } from './lazy-warm.js';
import type { WarmOptions, WarmReport } from './warm.js';

/**
 * Fills a cache: loads the entries that have a loader one by one, and stores those that have a value
 * in chunks.
 *
 * @param load - Loads an entry and stores the result.
 * @throws as {@link warmAll}.
 * @internal
 */
export async function warmEntries<T>(
  view: NamespacedCore,
  entries: Iterable<WarmEntry<T>> | AsyncIterable<WarmEntry<T>>,
  options: WarmOptions,
  load: (entry: LoadEntry<T>) => Promise<unknown>,
): Promise<WarmReport> {
  const { core } = view;
  // Callers without types pass anything, even null.
  type Given = Partial<LoadEntry<T>> | null | undefined;
  return await warmAll<WarmEntry<T>>(
    entries,
    {
      run: (entry) => load(entry as LoadEntry<T>),
      keyOf: (entry) => (entry as Given)?.key ?? '',
      plain: {
        isPlain: (entry) => (entry as Given)?.loader === undefined,
        run: (some) => storeGood(view, some as readonly SetEntry<T>[]),
      },
    },
    options,
    () => core.clock.monotonic(),
  );
}

/** Stores the entries that pass the checks; returns the errors of the others, by position. */
async function storeGood<T>(
  view: NamespacedCore,
  entries: readonly SetEntry<T>[],
): Promise<readonly unknown[]> {
  const errors = new Array<unknown>(entries.length);
  const good: BulkEntry[] = [];
  for (const [i, entry] of entries.entries()) {
    try {
      good.push(bulkEntry(view, 'warm', entry));
    } catch (error) {
      errors[i] = error;
    }
  }
  await storeMany(view.core, good);
  return errors;
}
