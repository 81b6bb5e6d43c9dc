import { systemClock, type Clock } from '../../base/clock.js';

const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/**
 * Decides after which `READONLY` reply to connect again. The server was a primary until now, and its
 * address may lead to the new one; but while it does not, every reconnect costs the reads that are
 * under way, which the replica still serves. Hence it reconnects once at first, and then after pauses
 * that double.
 *
 * @internal
 */
export class ReadOnlyBackOff {
  private pauseMs = FIRST_PAUSE_MS;
  /** The earliest time of the next reconnect. */
  private notBefore = -Infinity;
  private isDue = false;

  constructor(private readonly clock: Clock = systemClock) {}

  /** Whether to connect again after this reply. */
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

  /** Whether the connection was closed for this, so that nothing speaks against a new one at once. */
  takeDue(): boolean {
    const { isDue } = this;
    this.isDue = false;
    return isDue;
  }
}
