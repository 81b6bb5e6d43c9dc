import type { Scheduler } from './scheduler.js';

export interface PipeOptions<T> {
  readonly scheduler: Scheduler;
  /** How long the next item takes, in ms. */
  readonly delay: () => number;
  /** Whether all that is there by then is handed over together, as from one packet. */
  readonly together: () => boolean;
  /** Until when nothing is taken out at the other end. */
  readonly blockedUntil?: () => number;
  /** Returns false if no promise was settled. */
  readonly deliver: (item: T) => boolean | void;
}

/** One direction of a connection: what goes in comes out later, in order. */
export class Pipe<T> {
  private items: { readonly at: number; readonly item: T }[] = [];
  private last = 0;
  private swallows = false;

  constructor(private readonly options: PipeOptions<T>) {}

  push(item: T): void {
    if (this.swallows) return;
    const { scheduler, delay } = this.options;
    // Nothing overtakes anything else.
    this.last = Math.max(this.last, scheduler.now + delay());
    this.items.push({ at: this.last, item });
    scheduler.at(this.last, () => this.arrive());
  }

  /** Loses all later messages, and those in flight except for a number of them at the front. */
  cut(survivors = 0): void {
    this.swallows = true;
    this.items.length = Math.min(this.items.length, survivors);
  }

  /** How many are under way. */
  get size(): number {
    return this.items.length;
  }

  private arrive(): boolean {
    const { scheduler, together, deliver, blockedUntil } = this.options;
    const blocked = blockedUntil?.() ?? 0;
    if (blocked > scheduler.now) {
      scheduler.at(blocked, () => this.arrive());
      return false;
    }
    let settles = false;
    const most = together() ? Infinity : 1;
    for (let i = 0; i < most; i++) {
      const first = this.items[0];
      if (first === undefined || first.at > scheduler.now) break;
      this.items.shift();
      if (deliver(first.item) !== false) settles = true;
    }
    return settles;
  }
}
