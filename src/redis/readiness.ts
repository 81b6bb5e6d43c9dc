import type { Clock } from '../base/time/clock.js';
import type { Connection } from './connection/connection.js';
import type { ServerClock } from './server-clock.js';

/**
 * When commands can be sent: once the connection is up, and the server's clock has been compared with ours.
 *
 * @internal
 */
export class Readiness {
  private starting: Promise<void> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly time: ServerClock,
    private readonly clock: Clock,
  ) {}

  /** Settles when commands can be sent; `undefined` if they can be sent now. */
  wait(): Promise<void> | undefined {
    // Shared by all waiters, so that their commands keep their order.
    if (this.starting !== undefined) return this.starting;
    const connecting = this.connection.ready() ?? this.time.ready();
    if (connecting === undefined) return undefined;
    const over = (): void => {
      this.starting = undefined;
    };
    // By the time the server's time has been read, the reply to `SELECT` has arrived too.
    const starting = connecting.then(() => this.time.ready()).then(() => this.connection.ready());
    starting.then(over, over);
    return (this.starting = starting);
  }

  /**
   * Waits until commands can be sent.
   *
   * @returns The earliest server time `withinMs` ms after the call; 0 if unknown.
   */
  async notAfter(withinMs: number): Promise<number> {
    // The limit counts from the call, not from the moment when the connection is up.
    const start = this.clock.monotonic();
    await this.wait();
    return this.time.notAfter(withinMs - (this.clock.monotonic() - start));
  }
}
