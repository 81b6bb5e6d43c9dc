import { toStorePort, type CacheStore } from './adapter.js';
import type { Backend } from './backend.js';
import { coordinates, type CoordinatorOptions } from './coordinator.js';

export interface OpenOptions extends Pick<CoordinatorOptions, 'clock' | 'namespace'> {
  readonly timeoutMs: number;
  /** The rest, for a store that coordinates the caches which share it. */
  readonly coordination: Omit<CoordinatorOptions, 'namespace' | 'clock'>;
  readonly onError: (error: unknown) => void;
  /** Called when the store can be reached again. */
  readonly onReady: () => void;
}

/**
 * Makes a store usable for one cache.
 *
 * @param isOurs - Whether the cache created the store, and disconnects it.
 * @internal
 */
export function openBackend(
  store: CacheStore,
  isOurs: boolean,
  { clock, namespace, timeoutMs, coordination, onError, onReady }: OpenOptions,
): Backend {
  const port = toStorePort(store, { onError, onReady });
  const coordinator = coordinates(store)
    ? store.coordinate({ ...coordination, clock, namespace, timeoutMs })
    : undefined;
  const close = async (): Promise<void> => {
    coordinator?.close();
    // Other stores may be emitters, which throw an 'error' without a listener: they keep ours.
    if (coordinates(store)) {
      store.off?.('error', onError);
      store.off?.('ready', onReady);
    }
    if (isOurs && 'disconnect' in store) await store.disconnect?.();
  };
  return { port, coordinator, close };
}
