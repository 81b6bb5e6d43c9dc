/** One call that took longer than its threshold. */
export interface SlowCall {
  /** Name of the timed method, `UserService.getUser`. */
  readonly name: string;
  /** Duration, in milliseconds. */
  readonly durationMs: number;
  /** When it ended, as an ISO 8601 time. */
  readonly timestamp: string;
  /** Whether it failed. */
  readonly failed: boolean;
}

/**
 * The latest slow calls, in a ring buffer.
 *
 * @internal
 */
export class SlowLog<T> {
  private readonly ring: T[] = [];
  private next = 0;
  /** Number of slow calls since the start, including those that are no longer in the ring. */
  total = 0;

  constructor(private readonly capacity: number) {}

  add(call: T): void {
    this.ring[this.next] = call;
    this.next = (this.next + 1) % this.capacity;
    this.total++;
  }

  /** Newest first. */
  recent(): T[] {
    const oldest = this.ring.length < this.capacity ? 0 : this.next;
    return [...this.ring.slice(oldest), ...this.ring.slice(0, oldest)].reverse();
  }
}
