import type { Clock, TimerHandle } from '../../base/time/clock.js';
import type { PendingLog, PendingWork } from './pending-log.js';

export interface RecoveryOptions {
  readonly clock: Clock;
  /** Delay from a failure to the next attempt. */
  readonly retryMs: number;
  /** Whether the store is unavailable. */
  readonly isBlocked: () => boolean;
  /** Replays part of the log; resolves to whether all of it succeeded. Never rejects. */
  readonly replay: (work: PendingWork) => Promise<boolean>;
}

/**
 * Replays the log of entries that are out of date in the store, as soon as the store can be reached.
 *
 * @internal
 */
export class Recovery {
  private running: Promise<boolean> | undefined;
  private timer: TimerHandle = undefined;
  private closed = false;

  constructor(
    private readonly log: PendingLog,
    private readonly options: RecoveryOptions,
  ) {}

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** Replays until nothing is left; returns false at the first failure. */
  run(): Promise<boolean> {
    this.running ??= this.runAll().finally(() => (this.running = undefined));
    return this.running;
  }

  /** Replays in the background, and retries until nothing is left. */
  schedule(): void {
    const { log, closed, running, options } = this;
    if (options.isBlocked() || closed || log.size === 0 || running !== undefined) return;
    options.clock.clearTimeout(this.timer);
    void this.run().then((done) => {
      if (done || this.closed) return;
      this.timer = options.clock.setTimeout(() => {
        this.schedule();
      }, options.retryMs);
    });
  }

  stop(): void {
    this.closed = true;
    this.options.clock.clearTimeout(this.timer);
  }

  private async runAll(): Promise<boolean> {
    while (this.log.size > 0) {
      const work = this.log.snapshot();
      if (!(await this.options.replay(work))) return false;
      this.log.settle(work);
    }
    return true;
  }
}
