import type { LoadContext } from './load-context.js';
import type { LoadOptions, SetOptions } from './policy.js';

/** One entry of `setMany`. */
export interface SetEntry<T = unknown> extends SetOptions {
  /** Key below the namespace. */
  readonly key: string;
  /** The value; a promise must be awaited first. */
  readonly value: T;
}

/** One entry of `warm`: a value, or a loader that is run if none is cached. */
export type WarmEntry<T = unknown> = (SetEntry<T> & { readonly loader?: never }) | LoadEntry<T>;

/** A key and how its value is made. */
export interface LoadEntry<T = unknown> extends LoadOptions<T> {
  /** Key below the namespace. */
  readonly key: string;
  /** Called when the key is not cached. */
  loader(this: void, context: LoadContext<T>): T | Promise<T>;
}
