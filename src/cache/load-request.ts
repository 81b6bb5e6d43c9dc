import type { MemoryEntry } from '../memory/entry.js';
import type { MethodRecord } from '../stats/method-record.js';
import type { LoadContext } from './load-context.js';
import type { LoadPolicy } from './policy.js';

/**
 * Produces a value that is not cached.
 *
 * @internal
 */
type Loader = (context: LoadContext) => unknown;

/**
 * One call of get-or-load.
 *
 * @internal
 */
export interface LoadRequest {
  readonly key: string;
  readonly loader: Loader;
  readonly policy: LoadPolicy;
  /** The arguments, when it is a method's; a signal among them may abort the load. */
  readonly args?: readonly unknown[] | undefined;
  /** The method's figures, when it is one. */
  readonly record?: MethodRecord | undefined;
  /** Told of the entry in memory that holds the value, so that it finds it by itself next time. */
  readonly onEntry?: ((entry: MemoryEntry) => void) | undefined;
}
