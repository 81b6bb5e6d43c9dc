import { inCallersContext } from '../base/shared-context.js';

/** What a loader is given. */
export interface LoadContext<T = unknown> {
  /** The key that is being loaded, below the cache's namespace. */
  readonly key: string;
  /**
   * Fires when nobody wants the result any more: the load's `hardTimeout` is over. Pass it on to
   * `fetch` or to the database.
   */
  readonly signal: AbortSignal;
  /** The expired value that the load replaces, if there is one; for conditional requests. */
  readonly stale: T | undefined;
}

/**
 * A context that makes its signal when it is first asked for: most loaders never look, and an
 * AbortController costs more than all else that a load does.
 *
 * @internal
 */
export class LazyLoadContext implements LoadContext {
  private controller: AbortController | undefined;
  /** Calls the signal's listeners in the context of the loader that asked for it. */
  private fire: ((error: Error) => void) | undefined;
  private reason: { readonly error: Error } | undefined;

  constructor(
    readonly key: string,
    readonly stale: unknown,
  ) {}

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      this.controller = controller;
      this.fire = inCallersContext((error: Error) => {
        controller.abort(error);
      });
      if (this.reason !== undefined) this.controller.abort(this.reason.error);
    }
    return this.controller.signal;
  }

  abort(error: Error): void {
    this.reason = { error };
    this.fire?.(error);
  }
}
