import { listenToStore, type CacheStore } from './adapter.js';
import { coordinates, type Coordinator, type CoordinatorOptions } from './coordinator.js';
import type { StorePort } from './port.js';

/** Receives the events of a store, which do not belong to a particular operation. */
export interface StoreListener {
  onError(error: unknown): void;
  /** Called when the connection is ready, including after a reconnect. */
  onReady(): void;
}

/**
 * A store as one cache uses it: through Keyv's contract, and the coordinator if it has one.
 *
 * @internal
 */
export interface Backend extends OpenStore {
  readonly port: StorePort;
}

/** The same before the code that calls it has been loaded. */
export interface OpenStore {
  readonly coordinator: Coordinator | undefined;
  /** Sends events to a listener, including earlier ones. */
  listen?(listener: StoreListener): void;
  /** Closes what was opened for the cache; the caller's store stays open. */
  close(): Promise<void>;
}

export interface BackendOptions extends Pick<CoordinatorOptions, 'clock' | 'namespace'> {
  readonly timeoutMs: number;
  /** The other options of a store that coordinates the caches which share it. */
  readonly coordination: Omit<CoordinatorOptions, 'namespace' | 'clock'>;
}

/**
 * Makes a store usable for one cache.
 *
 * @param isOurs - Whether the cache created the store, and disconnects it.
 * @throws ConfigurationError for anything but a store, or a store that does not support the options.
 * @internal
 */
export function openBackend(
  store: CacheStore,
  isOurs: boolean,
  { clock, namespace, timeoutMs, coordination }: BackendOptions,
): OpenStore & { readonly store: CacheStore } {
  const early: unknown[] = [];
  let current: StoreListener | undefined;
  const onError = (error: unknown): void => {
    if (current === undefined) early.push(error);
    else current.onError(error);
  };
  const onReady = (): void => {
    current?.onReady();
  };
  listenToStore(store, { onError, onReady });
  const coordinator = coordinates(store)
    ? store.coordinate({ ...coordination, clock, namespace, timeoutMs })
    : undefined;
  return {
    store,
    coordinator,
    listen: (listener) => {
      current = listener;
      for (const error of early.splice(0)) listener.onError(error);
    },
    close: async () => {
      coordinator?.close();
      // Other stores may be emitters that throw an 'error' without a listener: they keep this one.
      if (coordinates(store)) {
        store.off?.('error', onError);
        store.off?.('ready', onReady);
      }
      if (isOurs && 'disconnect' in store) await store.disconnect?.();
    },
  };
}
