import type { MethodIdentity } from './identity.js';
import type { CachedOptions } from './options.js';
import type { AnyFunction } from './shapes.js';

/** A method or function as its decorator saw it. */
export interface MethodSpec {
  readonly body: AnyFunction;
  /** `undefined` for a plain function. */
  readonly identity: MethodIdentity | undefined;
  readonly options: CachedOptions;
  /** Decorated declarations of the name in the classes that the method's class extends. */
  readonly level: number;
  /** For messages, before anything else names it. */
  readonly label: string;
}
