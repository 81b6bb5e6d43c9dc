import { DISPATCH } from '../../base/options/defaults.js';

/**
 * Priority of a queued command, highest first. `finish` ends or renews a lease: no caller waits for it, but other
 * processes do, and if it is skipped, the load's work is lost. `write` replaces or removes a value: if it is
 * skipped, the key is logged and removed later. `single` is any other command of a call on one key, `bulk` one of
 * a call on several.
 */
export type Lane = 'finish' | 'write' | 'single' | 'bulk';

const LANES: readonly Lane[] = ['finish', 'write', 'single', 'bulk'];

/** The cost of a command: the number of its keys, and its lane. */
export interface CommandCost {
  readonly weight: number;
  readonly lane: Lane;
}

interface Waiting extends CommandCost {
  readonly since: number;
  /** Receives whether to send the command now, or to skip it. */
  readonly settle: (isSent: boolean) => void;
}

export interface DispatcherOptions {
  /** Monotonic milliseconds, without those for which the event loop was blocked. */
  readonly now: () => number;
  /** How long the store may take for one command. */
  readonly timeoutMs: number;
  /** Called once per overload, when the first command is skipped. */
  readonly onOverload: (waiting: number) => void;
}

/**
 * Decides when a command is sent. It keeps as many keys in flight as the store can handle well within its
 * time-out, and queues the other commands; their wait does not count against the store. Commands that finish
 * work in flight come first, so that no more leases are granted than can be filled.
 *
 * The queue is bounded by time: a command that would wait too long, at the rate at which commands complete, is
 * skipped. `finish` commands, for which no caller waits, are bounded by number, and wait as long as the store
 * replies.
 *
 * @internal
 */
export class Dispatcher {
  private readonly queues: Readonly<Record<Lane, Fifo<Waiting>>> = {
    finish: new Fifo(),
    write: new Fifo(),
    single: new Fifo(),
    bulk: new Fifo(),
  };
  /** Current maximum number of keys in flight. */
  private window: number = DISPATCH.maxInFlight;
  private inFlight = 0;
  private bulkInFlight = 0;
  /** Completed keys per millisecond; `undefined` until measured. */
  private rate: number | undefined;
  /** Number of keys completed since the last check. */
  private completed = 0;
  /** Duration of the slowest command since the last check. */
  private slowestMs = 0;
  private checkedAt = 0;
  /** When the store last replied, or commands began to queue. */
  private repliedAt = 0;
  private congestedSince: number | undefined;
  private congestedMs = 0;
  private hasReported = false;
  private readonly maxWaitMs: number;

  constructor(private readonly options: DispatcherOptions) {
    // Together with the time-out of the command itself, a caller waits for `maxTimeouts` time-outs at most.
    this.maxWaitMs = (DISPATCH.maxTimeouts - 1) * options.timeoutMs;
  }

  /** Number of queued commands. */
  get waiting(): number {
    return LANES.reduce((sum, lane) => sum + this.queues[lane].size, 0);
  }

  /** Current maximum number of keys in flight. */
  get limit(): number {
    return this.window;
  }

  /** How long commands have been queued so far, in milliseconds. */
  get queuedMs(): number {
    const { congestedSince, congestedMs } = this;
    return congestedSince === undefined
      ? congestedMs
      : congestedMs + this.options.now() - congestedSince;
  }

  /**
   * Admits a command; call {@link Dispatcher.complete} for each one that is sent.
   *
   * @returns Whether to send it or to skip it; a promise of that if the command is queued.
   */
  admit(cost: CommandCost): boolean | Promise<boolean> {
    if (this.isFirst(cost.lane) && this.fits(cost)) {
      this.add(cost);
      return true;
    }
    const now = this.options.now();
    if (this.congestedSince === undefined) this.beginCongestion(now);
    if (this.isOverloaded(cost)) {
      this.reportOverload();
      return false;
    }
    return new Promise((settle) => {
      const { weight, lane } = cost;
      this.queues[lane].push({ weight, lane, since: now, settle });
    });
  }

  /** Call it when a command has ended: the store has replied, or it timed out. */
  complete({ weight, lane }: CommandCost, sentAt: number | undefined, hasReplied: boolean): void {
    this.inFlight -= weight;
    if (lane === 'bulk') this.bulkInFlight -= weight;
    if (this.congestedSince === undefined) return;
    if (hasReplied) {
      this.completed += weight;
      this.repliedAt = this.options.now();
    }
    if (sentAt !== undefined) {
      this.slowestMs = Math.max(this.slowestMs, this.options.now() - sentAt);
    }
    this.pump();
  }

  /** The current time, to measure the command's duration; `undefined` while no command is queued. */
  sentAt(): number | undefined {
    return this.congestedSince === undefined ? undefined : this.options.now();
  }

  /** Measures, adapts the window, and skips overdue commands. Call it several times per time-out. */
  check(): void {
    if (this.congestedSince === undefined) return;
    const now = this.options.now();
    this.measure(now);
    for (const lane of LANES) this.skipOverdue(lane, now);
    this.pump();
  }

  /** Skips all queued commands: the store is unavailable. */
  skipAll(): void {
    for (const lane of LANES) {
      const queue = this.queues[lane];
      for (let first = queue.shift(); first !== undefined; first = queue.shift()) {
        first.settle(false);
      }
    }
    this.pump();
  }

  private skipOverdue(lane: Lane, now: number): void {
    if (lane === 'finish' && now - this.repliedAt < this.maxWaitMs) return;
    const queue = this.queues[lane];
    for (let { first } = queue; first !== undefined; first = queue.first) {
      if (now - first.since < this.maxWaitMs) return;
      queue.shift();
      this.reportOverload();
      first.settle(false);
    }
  }

  /** Whether no queued command precedes a new one in this lane. */
  private isFirst(lane: Lane): boolean {
    for (const other of LANES) {
      if (this.queues[other].size > 0) return false;
      if (other === lane) return true;
    }
    return true;
  }

  private fits({ weight, lane }: CommandCost): boolean {
    if (this.inFlight === 0) return true;
    if (this.inFlight + weight > this.window) return false;
    return (
      lane === 'single' ||
      this.bulkInFlight === 0 ||
      this.bulkInFlight + weight <= this.window * DISPATCH.bulkShare
    );
  }

  private add({ weight, lane }: CommandCost): void {
    this.inFlight += weight;
    if (lane === 'bulk') this.bulkInFlight += weight;
  }

  private pump(): void {
    const { finish, write, single, bulk } = this.queues;
    for (const queue of [finish, write, single]) if (!this.pumpLane(queue)) break;
    const { first } = bulk;
    if (first !== undefined) {
      // Against starvation, a bulk call that has waited for a time-out sends one command beside the others.
      const isAged =
        this.bulkInFlight === 0 && this.options.now() - first.since >= this.options.timeoutMs;
      if (this.isFirst('single')) this.pumpLane(bulk);
      else if (isAged) this.send(bulk);
    }
    if (this.waiting === 0) this.endCongestion();
  }

  /** Sends the commands that fit; returns whether the queue is empty. */
  private pumpLane(queue: Fifo<Waiting>): boolean {
    for (let { first } = queue; first !== undefined; first = queue.first) {
      if (!this.fits(first)) return false;
      this.send(queue);
    }
    return true;
  }

  private send(queue: Fifo<Waiting>): void {
    const next = queue.shift();
    if (next === undefined) return;
    this.add(next);
    next.settle(true);
  }

  private beginCongestion(now: number): void {
    this.congestedSince = now;
    this.checkedAt = now;
    this.repliedAt = now;
    this.completed = 0;
    this.slowestMs = 0;
    this.rate = undefined;
  }

  private endCongestion(): void {
    if (this.congestedSince === undefined) return;
    this.congestedMs = this.queuedMs;
    this.congestedSince = undefined;
    this.hasReported = false;
  }

  private isOverloaded({ lane }: CommandCost): boolean {
    if (lane === 'finish') return this.queues.finish.size >= DISPATCH.maxFinishing;
    // Measured rates vary: if in doubt, the command waits, and is skipped once it has waited too long.
    return this.projectedMs(lane) > DISPATCH.maxTimeouts * this.options.timeoutMs;
  }

  /** How long a command would wait for those in its own lane and the ones before it, in milliseconds. */
  private projectedMs(lane: Lane): number {
    if (this.rate === undefined) return 0;
    let ahead = 0;
    for (const other of LANES) {
      ahead += this.queues[other].weight;
      if (other === lane) break;
    }
    return ahead === 0 ? 0 : ahead / this.rate;
  }

  private measure(now: number): void {
    const { timeoutMs } = this.options;
    const elapsedMs = now - this.checkedAt;
    // A distant store replies in bursts, so that short silences mean nothing.
    if (elapsedMs < (this.completed > 0 ? timeoutMs / 10 : timeoutMs / 2)) return;
    const latest = this.completed / elapsedMs;
    // Short intervals vary by chance, above all on a busy machine.
    const share = Math.min(0.5, (2 * elapsedMs) / timeoutMs);
    this.rate = this.rate === undefined ? latest : this.rate + share * (latest - this.rate);
    if (this.slowestMs > timeoutMs * DISPATCH.slowShare || latest === 0) {
      this.window = Math.max(DISPATCH.minInFlight, Math.floor(this.window / 2));
    } else if (this.slowestMs < (timeoutMs * DISPATCH.slowShare) / 2) {
      this.window = Math.min(DISPATCH.maxInFlight, Math.ceil(this.window * 1.25));
    }
    this.checkedAt = now;
    this.completed = 0;
    this.slowestMs = 0;
  }

  private reportOverload(): void {
    if (this.hasReported) return;
    this.hasReported = true;
    this.options.onOverload(this.waiting);
  }
}

/** A queue whose removals take constant time. */
class Fifo<T extends { readonly weight: number }> {
  private items: T[] = [];
  private head = 0;
  weight = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  get first(): T | undefined {
    return this.items[this.head];
  }

  push(item: T): void {
    this.items.push(item);
    this.weight += item.weight;
  }

  shift(): T | undefined {
    const item = this.items[this.head];
    if (item === undefined) return undefined;
    this.weight -= item.weight;
    // Amortised constant work: the rest is copied once the first half is empty.
    if (++this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}
