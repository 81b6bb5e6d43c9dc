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
  private reason: { readonly error: Error } | undefined;

  constructor(
    readonly key: string,
    readonly stale: unknown,
  ) {}

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason.error);
    }
    return this.controller.signal;
  }

  abort(error: Error): void {
    this.reason = { error };
    this.controller?.abort(error);
  }
}
