import { systemClock, type Clock } from '../../base/clock.js';

const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/**
 * Decides after which `READONLY` replies to reconnect. The server was a primary until now, and its address
 * may lead to the new primary. Until it does, each reconnect fails the reads in flight, which the replica
 * would still serve. Therefore it reconnects once, and then after pauses that double.
 *
 * @internal
 */
export class ReadOnlyBackOff {
  private pauseMs = FIRST_PAUSE_MS;
  /** The earliest time of the next reconnect. */
  private notBefore = -Infinity;
  private isDue = false;

  constructor(private readonly clock: Clock = systemClock) {}

  /** Whether to reconnect after this reply. */
  reconnectsAfter(error: Error): boolean {
    if (!error.message.startsWith('READONLY')) return false;
    const now = this.clock.monotonic();
    if (now < this.notBefore) return false;
    // After a quiet period, it is another failover.
    const isAnother = now - this.notBefore > MAX_PAUSE_MS;
    this.pauseMs = isAnother ? FIRST_PAUSE_MS : Math.min(MAX_PAUSE_MS, this.pauseMs * 2);
    this.notBefore = now + this.pauseMs;
    this.isDue = true;
    return true;
  }

  /** Whether the connection was closed for this reason: then reconnect without a delay. */
  takeDue(): boolean {
    const { isDue } = this;
    this.isDue = false;
    return isDue;
  }
}
