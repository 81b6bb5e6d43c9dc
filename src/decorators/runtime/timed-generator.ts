import { types } from 'node:util';

import { systemClock } from '../../base/time/clock.js';

const STEPS = ['next', 'return', 'throw'] as const;

type Steps = Record<(typeof STEPS)[number], (...given: unknown[]) => unknown>;

/** Called when a generator runs, pauses and ends. */
export interface GeneratorWatch {
  /** It begins to run, or pauses while its consumer runs. */
  run(isRunning: boolean): void;
  /** It is exhausted, closed or failed, after running for so long. */
  end(busyMs: number, failed: boolean): void;
}

/**
 * Watches a generator, synchronous or not, from step to step. The generator remains the same object, with
 * three own methods that replace inherited ones.
 *
 * @internal
 */
export function watchGenerator(generator: object, watch: GeneratorWatch): void {
  /** Steps under way; several at once wait for each other inside the generator. */
  let pending = 0;
  let since = 0;
  let busyMs = 0;
  let isOver = false;

  const begin = (): void => {
    if (pending++ > 0) return;
    since = systemClock.monotonic();
    watch.run(true);
  };
  const end = (result: unknown, failed: boolean): void => {
    if (--pending === 0) {
      busyMs += systemClock.monotonic() - since;
      watch.run(false);
    }
    if (isOver || !(failed || (result as IteratorResult<unknown>).done === true)) return;
    isOver = true;
    watch.end(busyMs, failed);
  };

  for (const step of STEPS) {
    const original = (generator as Steps)[step];
    const watched = (...given: unknown[]): unknown => {
      begin();
      let result: unknown;
      try {
        result = original.apply(generator, given);
      } catch (error) {
        end(undefined, true);
        throw error;
      }
      if (!types.isPromise(result)) {
        end(result, false);
        return result;
      }
      // The caller gets the generator's own promise; this branch of it ends here, errors included.
      result.then(
        (outcome) => {
          end(outcome, false);
        },
        () => {
          end(undefined, true);
        },
      );
      return result;
    };
    Object.defineProperty(generator, step, { value: watched, configurable: true, writable: true });
  }
}
