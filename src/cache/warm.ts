import { DEFAULTS } from '../base/defaults.js';
import { checkOptions, isFunction, isIntegerIn, isObject } from '../base/options.js';
import { warnOnce } from '../base/warn.js';

/** How warming is done. */
export interface WarmOptions {
  /** Loads at a time; default 10. */
  concurrency?: number | undefined;
  /** Called after every entry. */
  onProgress?: ((progress: WarmProgress) => void) | undefined;
  /** Stops warming; what is under way is finished. */
  signal?: AbortSignal | undefined;
}

/** How far warming has come. */
export interface WarmProgress {
  /** Entries done, failed ones included. */
  readonly done: number;
  /** Entries known so far; the final number only when they are an array. */
  readonly total: number;
  /** Entries whose load or storing failed. */
  readonly failed: number;
}

/** What warming did. */
export interface WarmReport extends WarmProgress {
  /** Entries that are in the cache now. */
  readonly warmed: number;
  /** The first hundred failures. */
  readonly errors: readonly { readonly key: string; readonly error: unknown }[];
  /** Whether the signal stopped it. */
  readonly aborted: boolean;
  /** Time taken, in milliseconds. */
  readonly durationMs: number;
}

/**
 * Runs a job for every item, a bounded number at a time, and goes on after failures.
 *
 * @throws ConfigurationError for a bad option; what the iterable itself throws.
 * @internal
 */
export async function warmAll<T>(
  items: Iterable<T> | AsyncIterable<T>,
  job: (item: T) => Promise<unknown>,
  keyOf: (item: T) => string,
  options: WarmOptions,
  monotonic: () => number,
): Promise<WarmReport> {
  checkOptions('warm', options, {
    concurrency: isIntegerIn(1, 10_000),
    onProgress: isFunction,
    signal: isObject,
  });
  const { concurrency = DEFAULTS.warmConcurrency, onProgress, signal } = options;
  const start = monotonic();
  const known = Array.isArray(items) ? items.length : undefined;
  const errors: { key: string; error: unknown }[] = [];
  let begun = 0;
  let done = 0;
  let failed = 0;
  let aborted = false;
  const progress = (): WarmProgress => ({ done, total: known ?? begun, failed });
  const running = new Set<Promise<void>>();

  const run = async (item: T): Promise<void> => {
    try {
      await job(item);
    } catch (error) {
      failed++;
      if (errors.length < DEFAULTS.warmErrors) errors.push({ key: keyOf(item), error });
    }
    done++;
    try {
      onProgress?.(progress());
    } catch (error) {
      // Thrown from a task that nobody awaits yet, it would end the process.
      warnOnce('AURORA_LISTENER', 'onProgress', `onProgress failed: ${String(error)}`);
    }
  };

  for await (const item of items) {
    if (signal?.aborted === true) {
      aborted = true;
      break;
    }
    begun++;
    const task = run(item).finally(() => running.delete(task));
    running.add(task);
    if (running.size >= concurrency) await Promise.race(running);
  }
  await Promise.all(running);
  return {
    ...progress(),
    warmed: done - failed,
    errors,
    aborted,
    durationMs: monotonic() - start,
  };
}
