import { toStorePort, type CacheStore, type StorePort } from './adapter.js';
import { coordinates, type Coordinator, type CoordinatorOptions } from './coordinator.js';

/** Receives the events of a store, which belong to no operation. */
export interface StoreListener {
  onError(error: unknown): void;
  /** The connection is there, or there again. */
  onReady(): void;
}

/**
 * A store that one cache works with: by Keyv's contract, and beyond it where it can do more.
 *
 * @internal
 */
export interface Backend {
  readonly port: StorePort;
  readonly coordinator: Coordinator | undefined;
  /** Sends events to a listener from now on, and those that came before it. */
  listen?(listener: StoreListener): void;
  /** Ends what was opened for the cache; a store of the caller's stays open. */
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
 * @throws ConfigurationError for anything that is not a store, or cannot do what the options say.
 * @internal
 */
export function openBackend(
  store: CacheStore,
  isOurs: boolean,
  { clock, namespace, timeoutMs, coordination }: BackendOptions,
): Backend {
  const early: unknown[] = [];
  let current: StoreListener | undefined;
  const onError = (error: unknown): void => {
    if (current === undefined) early.push(error);
    else current.onError(error);
  };
  const onReady = (): void => {
    current?.onReady();
  };
  const port = toStorePort(store, { onError, onReady });
  const coordinator = coordinates(store)
    ? store.coordinate({ ...coordination, clock, namespace, timeoutMs })
    : undefined;
  return {
    port,
    coordinator,
    listen: (listener) => {
      current = listener;
      for (const error of early.splice(0)) listener.onError(error);
    },
    close: async () => {
      coordinator?.close();
      // Other stores may be emitters, which throw an 'error' without a listener: they keep ours.
      if (coordinates(store)) {
        store.off?.('error', onError);
        store.off?.('ready', onReady);
      }
      if (isOurs && 'disconnect' in store) await store.disconnect?.();
    },
  };
}
