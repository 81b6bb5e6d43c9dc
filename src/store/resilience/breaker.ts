import type { Clock, TimerHandle } from '../../base/time/clock.js';

/** When a circuit breaker opens, and how often it probes. */
export interface BreakerSettings {
  /** Number of consecutive failures after which it opens. */
  readonly failures: number;
  /** Delay from opening to the first probe. */
  readonly probeAfterMs: number;
  /** Maximum delay between two probes. Each failed probe doubles the delay, up to this. */
  readonly maxProbeDelayMs: number;
}

/**
 * Stops calls to an unavailable store, so that an outage does not delay callers.
 *
 * While it is closed, all calls pass. After a number of consecutive failures it opens, and no call passes. A
 * timer then probes the store (the half-open state), so that no caller has to wait for a probe. A successful
 * probe closes the breaker. (M. Nygard, Release It!, "Circuit Breaker".)
 *
 * @internal
 */
export class CircuitBreaker {
  private failuresInARow = 0;
  private waitMs: number;
  private timer: TimerHandle = undefined;
  private open = false;
  private probing = false;
  private stopped = false;

  /**
   * @param probe - Tests the store; resolves to whether it is usable again. Never rejects.
   * @param onChange - Called when it opens (true) or closes (false).
   */
  constructor(
    private readonly settings: BreakerSettings,
    private readonly clock: Clock,
    private readonly probe: () => Promise<boolean>,
    private readonly onChange: (isOpen: boolean) => void,
  ) {
    this.waitMs = settings.probeAfterMs;
  }

  get isOpen(): boolean {
    return this.open;
  }

  /** Half-open while a probe is under way. */
  get state(): 'closed' | 'open' | 'half-open' {
    if (!this.open) return 'closed';
    return this.probing ? 'half-open' : 'open';
  }

  succeeded(): void {
    this.failuresInARow = 0;
  }

  failed(): void {
    if (++this.failuresInARow < this.settings.failures || this.open || this.stopped) return;
    this.open = true;
    this.waitMs = this.settings.probeAfterMs;
    this.onChange(true);
    this.schedule();
  }

  /** Probes at once: the store has reported that it is back. */
  probeNow(): void {
    if (!this.open || this.probing) return;
    this.clock.clearTimeout(this.timer);
    void this.attempt();
  }

  /** Stops probing. */
  stop(): void {
    this.stopped = true;
    this.clock.clearTimeout(this.timer);
  }

  private schedule(): void {
    this.timer = this.clock.setTimeout(() => {
      void this.attempt();
    }, this.waitMs);
    this.waitMs = Math.min(this.settings.maxProbeDelayMs, this.waitMs * 2);
  }

  private async attempt(): Promise<void> {
    this.probing = true;
    const usable = await this.probe();
    this.probing = false;
    if (this.stopped) return;
    if (!usable) {
      this.schedule();
      return;
    }
    this.open = false;
    this.failuresInARow = 0;
    this.onChange(false);
  }
}
