import type { Clock } from '../../base/time/clock.js';
import { keepAlive } from '../../base/time/keep-alive.js';

/**
 * Loads that wait for another process's lease, by key. They are registered before the lease is
 * requested: the message that it has ended may come before the reply that it is held.
 *
 * @internal
 */
export class WaiterTable {
  private readonly waiters = new Map<string, Set<Waiter>>();

  constructor(private readonly clock: Clock) {}

  register(key: string): Waiter {
    const waiter = new Waiter(this.clock);
    const others = this.waiters.get(key);
    if (others === undefined) this.waiters.set(key, new Set([waiter]));
    else others.add(waiter);
    return waiter;
  }

  remove(key: string, waiter: Waiter): void {
    const others = this.waiters.get(key);
    others?.delete(waiter);
    if (others?.size === 0) this.waiters.delete(key);
  }

  /** The key's lease has ended. */
  wake(key: string): void {
    const waiters = this.waiters.get(key);
    if (waiters !== undefined) for (const waiter of waiters) waiter.wake();
  }

  /** Wakes all when ends of leases may be missed: the store is unavailable, or messages were lost. */
  wakeAll(): void {
    for (const waiters of this.waiters.values()) for (const waiter of waiters) waiter.wake();
  }

  /** Keys with waiting loads. */
  get size(): number {
    return this.waiters.size;
  }
}

/** One load's wait. */
export class Waiter {
  private awake = false;
  private resolve: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  wake(): void {
    this.awake = true;
    this.resolve?.();
  }

  /** Forgets earlier wake-ups: call it before requesting the lease. */
  reset(): void {
    this.awake = false;
  }

  /** Waits to be woken, or for `ms`; returns whether it was woken, now or before it waited. */
  async wait(ms: number): Promise<boolean> {
    if (!this.awake) {
      // The clock's timers do not keep the process alive, but a caller waits for this.
      const release = keepAlive();
      await new Promise<void>((resolve) => {
        const timer = this.clock.setTimeout(resolve, ms);
        this.resolve = () => {
          this.clock.clearTimeout(timer);
          resolve();
        };
      });
      release();
    }
    this.resolve = undefined;
    return this.awake;
  }
}
