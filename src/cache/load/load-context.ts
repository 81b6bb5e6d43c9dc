import type { Clock, TimerHandle } from '../../base/time/clock.js';
import { LoadTimeoutError } from '../../base/errors/errors.js';
import { inCallersContext } from '../../base/async/shared-context.js';

/** The argument of a loader. */
export interface LoadContext<T = unknown> {
  /** The key that is being loaded, below the cache's namespace. */
  readonly key: string;
  /**
   * Fires after the `hardTimeout` of the load, or after ten times its `lease`, whichever comes first. Pass it
   * to `fetch` or to the database.
   */
  readonly signal: AbortSignal;
  /** The expired value that the load replaces, if there is one; for conditional requests. */
  readonly stale: T | undefined;
}

/**
 * A context that creates its signal on first access: most loaders never use it, and an AbortController
 * costs more than the rest of a load.
 *
 * @internal
 */
export class LazyLoadContext implements LoadContext {
  private controller: AbortController | undefined;
  /** Calls the signal's listeners in the async context of the loader that reads `signal`. */
  private fire: ((error: Error) => void) | undefined;
  private reason: { readonly error: Error } | undefined;
  private timer: TimerHandle = undefined;
  private hasEnded = false;

  /** @param limit - The latest time at which the signal fires, on the monotonic clock. */
  constructor(
    readonly key: string,
    readonly stale: unknown,
    private readonly limit?: SignalLimit,
  ) {}

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      this.controller = controller;
      this.fire = inCallersContext((error: Error) => {
        controller.abort(error);
      });
      if (this.reason !== undefined) this.controller.abort(this.reason.error);
      else this.watch();
    }
    return this.controller.signal;
  }

  /** Whether the signal has fired, or would have if it existed. */
  get isAborted(): boolean {
    return this.reason !== undefined;
  }

  abort(error: Error): void {
    if (this.reason !== undefined) return;
    this.reason = { error };
    this.fire?.(error);
  }

  /** The load has settled. */
  end(): void {
    this.hasEnded = true;
    if (this.timer !== undefined) this.limit?.clock.clearTimeout(this.timer);
  }

  private watch(): void {
    const { limit } = this;
    if (limit === undefined || this.hasEnded) return;
    const { clock, endsAt, ms } = limit;
    const fire = (): void => {
      this.abort(new LoadTimeoutError(this.key, ms));
    };
    const leftMs = endsAt - clock.monotonic();
    if (leftMs <= 0) fire();
    else this.timer = clock.setTimeout(fire, leftMs);
  }
}

interface SignalLimit {
  readonly clock: Clock;
  readonly endsAt: number;
  /** Milliseconds from the start of the load to the limit, for the message. */
  readonly ms: number;
}
