import { systemClock, type Clock } from '../../base/time/clock.js';

const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/**
 * Decides after which `READONLY` replies to reconnect. Such a server has just been demoted, and its address
 * may soon lead to the new primary. Until then, each reconnect fails the reads in flight, which the replica
 * would still serve. Therefore the client reconnects once, and then with delays that double.
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
  shouldReconnect(error: Error): boolean {
    if (!error.message.startsWith('READONLY')) return false;
    const now = this.clock.monotonic();
    if (now < this.notBefore) return false;
    // A reply after a quiet period belongs to another failover.
    const isAnother = now - this.notBefore > MAX_PAUSE_MS;
    this.pauseMs = isAnother ? FIRST_PAUSE_MS : Math.min(MAX_PAUSE_MS, this.pauseMs * 2);
    this.notBefore = now + this.pauseMs;
    this.isDue = true;
    return true;
  }

  /** Returns, once, whether the connection was closed for this reason: reconnect then without a delay. */
  takeDue(): boolean {
    const { isDue } = this;
    this.isDue = false;
    return isDue;
  }
}
