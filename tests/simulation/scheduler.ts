import type { Clock, TimerHandle } from '../../src/base/time/clock.js';

/** Returns false if no promise reaction can follow from it. */
type Run = () => boolean | void;

interface Event {
  readonly at: number;
  readonly order: number;
  run: Run | undefined;
}

/** Virtual time: events in order; after each, the promises that it settled run. */
export class Scheduler {
  /** Milliseconds since the beginning. */
  now = 0;
  /** Events that have run. */
  count = 0;
  private order = 0;
  /** A binary heap. */
  private readonly heap: Event[] = [];

  /** Events of the same millisecond run in the order of their registration. */
  at(time: number, run: Run): Event {
    const event = { at: Math.max(this.now, time), order: this.order++, run };
    this.push(event);
    return event;
  }

  after(ms: number, run: Run): Event {
    return this.at(this.now + ms, run);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Runs until `done` returns true, or until that time. */
  run(until: number, done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          do {
            if (done()) {
              resolve();
              return;
            }
            const next = this.heap[0];
            if (next === undefined || next.at > until) {
              this.now = until;
              resolve();
              return;
            }
          } while (!this.runNext());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        // All ticks and promises run before an immediate does, those that they set off included.
        setImmediate(turn);
      };
      setImmediate(turn);
    });
  }

  private runNext(): boolean {
    const event = this.pop();
    const { run } = event;
    if (run === undefined) return false;
    event.run = undefined;
    this.now = event.at;
    this.count++;
    return run() !== false;
  }

  private push(event: Event): void {
    const { heap } = this;
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (isBefore(heap[parent] as Event, event)) break;
      heap[i] = heap[parent] as Event;
      i = parent;
    }
    heap[i] = event;
  }

  private pop(): Event {
    const { heap } = this;
    const first = heap[0] as Event;
    const last = heap.pop() as Event;
    if (heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) {
        child++;
      }
      if (isBefore(last, heap[child] as Event)) break;
      heap[i] = heap[child] as Event;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}

/** When the simulations take place, by the server's clock. */
export const EPOCH = Date.UTC(2024, 0, 1);

/** One machine's clock on virtual time; its wall clock may be wrong. */
export class VirtualClock implements Clock {
  constructor(
    private readonly scheduler: Scheduler,
    /** How far it is ahead of the server's. */
    readonly skewMs: number,
  ) {}

  now(): number {
    return EPOCH + this.skewMs + this.scheduler.now;
  }

  monotonic(): number {
    return this.scheduler.now;
  }

  setTimeout(callback: () => void, ms: number): TimerHandle {
    // As Node's: whole milliseconds, and at least one.
    return this.scheduler.after(Math.max(1, Math.ceil(ms)), callback);
  }

  clearTimeout(handle: TimerHandle): void {
    if (handle !== undefined) (handle as Event).run = undefined;
  }
}
