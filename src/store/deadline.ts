import type { Clock } from '../base/clock.js';
import { StoreError } from '../base/errors.js';

/**
 * The outcome of `work`, or a StoreError when it takes longer. What comes later is ignored, a
 * late failure included.
 *
 * @internal
 */
export function deadline<T>(
  work: Promise<T>,
  timeoutMs: number,
  clock: Clock,
  operation: string,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      reject(
        new StoreError(
          operation,
          `The store took longer than ${String(Math.round(timeoutMs))} ms on ${operation}.`,
        ),
      );
    }, timeoutMs);
    work.then(
      (value) => {
        clock.clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clock.clearTimeout(timer);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it is
        reject(error);
      },
    );
  });
}
