import { inSharedContext } from '../../base/shared-context.js';

type Listeners = Set<(outcome: never) => void>;

const waiting = new WeakMap<Promise<unknown>, Listeners>();

/**
 * Calls `listener` with the outcome of a promise that never rejects.
 *
 * A reaction of `then` cannot be removed: while a load hangs, it would retain every caller that was served
 * another value, with the caller's request.
 *
 * @returns Removes the listener.
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
