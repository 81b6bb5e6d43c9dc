import type { Keyv, KeyvStoreAdapter } from 'keyv';

import { ConfigurationError } from '../base/errors.js';

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
  if (!isAdapter(store)) {
    throw new ConfigurationError(
      'CacheManager: store must be a Keyv storage adapter, a Keyv instance or a Map.',
    );
  }
  // An emitter without an 'error' listener throws, in unrelated code.
  if (typeof store.on === 'function') {
    store.on('error', onError);
    store.on('ready', onReady);
  }
}

function isAdapter(store: unknown): store is KeyvStoreAdapter {
  if (typeof store !== 'object' || store === null) return false;
  const methods = store as Record<string, unknown>;
  return ['get', 'set', 'delete'].every((name) => typeof methods[name] === 'function');
}
