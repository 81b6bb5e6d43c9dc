import type { Keyv, KeyvStoreAdapter } from 'keyv';

import { checkValue, type Check } from '../base/options/options.js';

/**
 * A store for a cache: a Keyv storage adapter, a `Keyv` instance (its namespace, serializer, compression and
 * hooks apply), or a `Map`.
 */
export type CacheStore = Keyv | KeyvStoreAdapter | Map<string, unknown>;

interface StoreListeners {
  readonly onError: (error: unknown) => void;
  /** Called when the connection is ready, including after a reconnect. */
  readonly onReady: () => void;
}

/**
 * Checks that a value is a store, and listens to its events.
 *
 * @throws ConfigurationError for anything else.
 * @internal
 */
export function listenToStore(store: unknown, { onError, onReady }: StoreListeners): void {
  if (store instanceof Map) return;
  checkValue('CacheManager: store', store, isAdapter);
  // An emitter without an 'error' listener throws the error in unrelated code.
  const { on } = store as { on?: unknown };
  if (typeof on === 'function') {
    on.call(store, 'error', onError);
    on.call(store, 'ready', onReady);
  }
}

const isAdapter: Check = (store) =>
  typeof store === 'object' &&
  store !== null &&
  ['get', 'set', 'delete'].every(
    (name) => typeof (store as Record<string, unknown>)[name] === 'function',
  )
    ? undefined
    : 'a Keyv storage adapter, a Keyv instance or a Map';
