import type { StorePort } from './adapter.js';
import type { Coordinator } from './coordinator.js';

/**
 * A store as it is talked to: by Keyv's contract, and beyond it where it can do more.
 *
 * @internal
 */
export interface Backend {
  readonly port: StorePort;
  readonly coordinator: Coordinator | undefined;
  /** Ends what was opened for the cache; a store of the caller's stays open. */
  close(): Promise<void>;
}
