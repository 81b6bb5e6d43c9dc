import { listenToStore, type CacheStore } from './adapter.js';
import { isCoordinatedStore, type Coordinator, type CoordinatorOptions } from './coordinator.js';
import type { StorePort } from './port.js';

/** Receives the events of a store, which belong to no particular operation. */
export interface StoreListener {
  onError(error: unknown): void;
  /** Called when the connection is ready, including after a reconnect. */
  onReady(): void;
}

/**
 * The store of one cache: Keyv's contract, and the coordinator if the store has one.
 *
 * @internal
 */
export interface Backend extends OpenStore {
  readonly port: StorePort;
}

/** A {@link Backend} whose port has not been created, since its code is loaded later. */
export interface OpenStore {
  readonly coordinator: Coordinator | undefined;
  /** Sends the events of the store to a listener, including earlier ones. */
  listen?(listener: StoreListener): void;
  /** Closes what the cache opened; the caller's store stays open. */
  close(): Promise<void>;
}

export interface BackendOptions extends Pick<CoordinatorOptions, 'clock' | 'namespace'> {
  readonly timeoutMs: number;
  /** The remaining options of a coordinator. */
  readonly coordination: Omit<CoordinatorOptions, 'namespace' | 'clock'>;
}

/**
 * Checks a store, listens to its events, and creates its coordinator if it supports one.
 *
 * @param isOurs - Whether the cache created the store, and disconnects it.
 * @throws ConfigurationError if it is not a store, or does not support the options.
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
  const coordinator = isCoordinatedStore(store)
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
      // Other stores keep their listener: emitters throw an 'error' that has none.
      if (isCoordinatedStore(store)) {
        store.off?.('error', onError);
        store.off?.('ready', onReady);
      }
      if (isOurs && 'disconnect' in store) await store.disconnect?.();
    },
  };
}
