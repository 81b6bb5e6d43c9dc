import { DEFAULTS, DISPATCH } from '../../base/options/defaults.js';
import {
  checkOptions,
  checkValue,
  isFunction,
  isIntegerIn,
  isIterable,
  type Check,
} from '../../base/options/options.js';
import { warnOnce } from '../../base/errors/warn.js';

/** Options of `warm`. */
export interface WarmOptions {
  /**
   * Maximum number of concurrent loads.
   *
   * @default 10
   */
  concurrency?: number | undefined;
  /**
   * Called after each entry.
   *
   * @default none
   */
  onProgress?: ((progress: WarmProgress) => void) | undefined;
  /**
   * Stops warming when it fires; loads in progress are completed.
   *
   * @default none
   */
  signal?: AbortSignal | undefined;
}

/** Progress of `warm`. */
export interface WarmProgress {
  /** Number of entries processed, including failed ones. */
  readonly done: number;
  /** Number of entries read so far; for an array, the number of all entries. */
  readonly total: number;
  /** Number of entries that could not be loaded or stored. */
  readonly failed: number;
}

/** Result of `warm`. */
export interface WarmReport extends WarmProgress {
  /** Number of entries that are in the cache now. */
  readonly warmed: number;
  /** The first hundred failures. */
  readonly errors: readonly { readonly key: string; readonly error: unknown }[];
  /** Whether the signal stopped it. */
  readonly aborted: boolean;
  /** Duration, in milliseconds. */
  readonly durationMs: number;
}

/** The operations on the items. */
export interface WarmJobs<T> {
  /** Processes one item. */
  readonly run: (item: T) => Promise<unknown>;
  readonly keyOf: (item: T) => string;
  /** For items that can share a command. */
  readonly plain?: {
    readonly isPlain: (item: T) => boolean;
    /** @returns For each item its error, or `undefined`. */
    readonly run: (items: readonly T[]) => Promise<readonly unknown[]>;
  };
}

const isAnyIterable: Check = (value, option) =>
  Object(value) === value && Symbol.asyncIterator in (value as object)
    ? undefined
    : isIterable(value, option);

const isSignal: Check = (value) =>
  typeof (value as Partial<AbortSignal> | null)?.aborted === 'boolean'
    ? undefined
    : 'an AbortSignal';

/**
 * Runs a job for each item, a bounded number at a time, and continues after failures. Plain items are
 * collected, and processed before the next item that is not plain.
 *
 * @throws ConfigurationError for a bad option; what the iterable itself throws.
 * @internal
 */
export async function warmAll<T>(
  items: Iterable<T> | AsyncIterable<T>,
  jobs: WarmJobs<T>,
  options: WarmOptions,
  monotonic: () => number,
): Promise<WarmReport> {
  checkValue('warm: entries', items, isAnyIterable);
  checkOptions('warm', options, {
    concurrency: isIntegerIn(1, 10_000),
    onProgress: isFunction,
    signal: isSignal,
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

  const ended = (item: T, error: unknown): void => {
    if (error !== undefined) {
      failed++;
      if (errors.length < DEFAULTS.warmErrors) errors.push({ key: jobs.keyOf(item), error });
    }
    done++;
    try {
      onProgress?.(progress());
    } catch (error) {
      // Thrown from a task that is not awaited yet, it would end the process.
      warnOnce('AURORA_LISTENER', 'onProgress', `onProgress failed: ${String(error)}`);
    }
  };

  const run = async (item: T): Promise<void> => {
    let failure: unknown;
    try {
      await jobs.run(item);
    } catch (error) {
      failure = error ?? new Error(String(error));
    }
    ended(item, failure);
  };
  const runMany = async (some: readonly T[]): Promise<void> => {
    let failures: readonly unknown[] = [];
    try {
      failures = (await jobs.plain?.run(some)) ?? [];
    } catch (error) {
      failures = some.map(() => error);
    }
    for (const [i, item] of some.entries()) ended(item, failures[i]);
  };
  let plain: T[] = [];
  const begin = async (work: Promise<void>): Promise<void> => {
    const task = work.finally(() => running.delete(task));
    running.add(task);
    if (running.size >= concurrency) await Promise.race(running);
  };
  const flush = async (): Promise<void> => {
    const some = plain;
    plain = [];
    if (some.length > 0) await begin(runMany(some));
  };

  try {
    for await (const item of items) {
      if (signal?.aborted === true) {
        aborted = true;
        break;
      }
      begun++;
      if (jobs.plain?.isPlain(item) === true) {
        // A slow source does not hold back what it has brought.
        if (plain.length === 0) setImmediate(() => void flush());
        if (plain.push(item) >= DISPATCH.chunk) await flush();
      } else {
        await flush();
        await begin(run(item));
      }
    }
  } finally {
    await flush();
    await Promise.all(running);
  }
  return {
    ...progress(),
    warmed: done - failed,
    errors,
    aborted,
    durationMs: monotonic() - start,
  };
}
