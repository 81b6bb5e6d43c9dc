import { inSharedContext } from '../../base/shared-context.js';

type Listeners = Set<(outcome: never) => void>;

const waiting = new WeakMap<Promise<unknown>, Listeners>();

/**
 * Calls `listener` with the outcome of a promise that never rejects.
 *
 * A reaction of `then` cannot be taken back: as long as a load hangs, it would keep every caller that
 * was served something else meanwhile, and the request that each belongs to.
 *
 * @returns Takes the listener back.
 * @internal
 */
export function onOutcome<T>(promise: Promise<T>, listener: (outcome: T) => void): () => void {
  const listeners = waiting.get(promise) ?? inSharedContext(listen<T>, promise);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function listen<T>(promise: Promise<T>): Listeners {
  const listeners: Set<(outcome: T) => void> = new Set();
  waiting.set(promise, listeners);
  void promise.then((outcome) => {
    waiting.delete(promise);
    for (const listener of listeners) listener(outcome);
  });
  return listeners;
}
