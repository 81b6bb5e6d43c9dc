import { DEFAULTS, DISPATCH } from '../../base/defaults.js';
import { checkOptions, isFunction, isIntegerIn, isObject } from '../../base/options.js';
import { warnOnce } from '../../base/warn.js';

/** How warming is done. */
export interface WarmOptions {
  /**
   * Loads at a time.
   *
   * @default 10
   */
  concurrency?: number | undefined;
  /**
   * Called after every entry.
   *
   * @default none
   */
  onProgress?: ((progress: WarmProgress) => void) | undefined;
  /**
   * Stops warming; loads under way are finished.
   *
   * @default none
   */
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

/** Result of `warm`. */
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

/** The operations on the items. */
export interface WarmJobs<T> {
  /** Deals with one item. */
  readonly run: (item: T) => Promise<unknown>;
  readonly keyOf: (item: T) => string;
  /** For items that can share a command. */
  readonly plain?: {
    readonly isPlain: (item: T) => boolean;
    /** @returns For each item the error with which it failed; `undefined` for none. */
    readonly run: (items: readonly T[]) => Promise<readonly unknown[]>;
  };
}

/**
 * Runs a job for every item, a bounded number at a time, and goes on after failures. Plain items are
 * gathered, and dealt with before the next item that is not.
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
