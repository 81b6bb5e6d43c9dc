import { AsyncResource } from 'node:async_hooks';

/*
 * This folder has tools for asynchronous code: contexts outside of requests (here), modules that are loaded on
 * first use (`lazy-module`), requests of one turn that are combined into one command (`coalescer`), and a Map
 * for short-lived entries (`lone-map`).
 */

/*
 * A promise or a timer keeps the async context in which it was created, and with it the request in
 * `AsyncLocalStorage`. Objects that outlive a request, or serve several, are therefore created in a
 * separate context. The resource is created when the package is imported: one created on first use,
 * or a snapshot, would retain the request of that moment for ever.
 */
const shared = new AsyncResource('aurora-cache', { requireManualDestroy: true });

/**
 * Runs a function outside of every request, so that nothing it creates keeps a request alive.
 *
 * @internal
 */
export function inSharedContext<A extends unknown[], T>(run: (...args: A) => T, ...args: A): T {
  return shared.runInAsyncScope(run, undefined, ...args);
}

/**
 * A resolved promise that can be kept, and handed to any request.
 *
 * @internal
 */
export function sharedPromise(value: unknown): Promise<unknown> {
  return shared.runInAsyncScope(resolved, undefined, value);
}

/**
 * A function that runs in the context of the present caller, wherever it is called from.
 *
 * @internal
 */
export function inCallersContext<A extends unknown[]>(
  run: (...args: A) => void,
): (...args: A) => void {
  return AsyncResource.bind(run);
}

function resolved(value: unknown): Promise<unknown> {
  return Promise.resolve(value);
}
