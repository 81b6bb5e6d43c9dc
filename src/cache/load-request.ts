import type { MemoryEntry } from '../memory/entry.js';
import type { MethodRecord } from '../stats/method-record.js';
import type { Loader } from './loader.js';
import type { LoadPolicy } from './policy.js';

/**
 * One call of get-or-load.
 *
 * @internal
 */
export interface LoadRequest {
  readonly key: string;
  readonly loader: Loader;
  readonly policy: LoadPolicy;
  /** The method's figures, when it is one. */
  readonly record?: MethodRecord | undefined;
  /** Told of the entry in memory that holds the value, so that it finds it by itself next time. */
  readonly onEntry?: ((entry: MemoryEntry) => void) | undefined;
}
