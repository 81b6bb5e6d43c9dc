import { DISPATCH } from '../../base/defaults.js';

/**
 * Priority of a queued command, highest first. `finish` ends or renews a lease: no caller waits for it,
 * but other processes do, and without it the load's work is lost. `write` replaces or removes a value:
 * without it, the key is logged and removed later. `single` is any other command of a call on one key,
 * `bulk` one of a call on many.
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
  /** True: send it now; false: skip the store. */
  readonly settle: (isSent: boolean) => void;
}

export interface DispatcherOptions {
  /** Milliseconds, without those in which the event loop was blocked. */
  readonly now: () => number;
  /** How long the store may take for one command. */
  readonly timeoutMs: number;
  /** Called when commands begin to be skipped, once each time. */
  readonly onOverload: (waiting: number) => void;
}

/**
 * Decides when a command is sent. It keeps as many keys in flight as the store can handle well within its
 * time-out; the other commands wait here, and this wait does not count against the store. Lanes go in
 * order, first the commands that finish work under way, so that no more leases are granted than can be
 * filled.
 *
 * The queue is bounded by time: a command that would wait too long, by the rate at which commands
 * complete, is not sent at all. Commands without a caller are bounded by their number, and wait as long
 * as the store replies. A command whose caller was given up on is never sent.
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
  private window: number = DISPATCH.maxInFlight;
  private inFlight = 0;
  private bulkInFlight = 0;
  /** Keys per millisecond; `undefined` until it is measured. */
  private rate: number | undefined;
  private completed = 0;
  /** Duration of the slowest command since the last check. */
  private slowestMs = 0;
  private lookedAt = 0;
  /** When the store last replied since commands began to wait. */
  private repliedAt = 0;
  private congestedSince: number | undefined;
  private congestedMs = 0;
  private hasReported = false;
  private readonly maxWaitMs: number;

  constructor(private readonly options: DispatcherOptions) {
    // Together with its own time-out, a command delays its caller by four time-outs at most.
    this.maxWaitMs = (DISPATCH.maxTimeouts - 1) * options.timeoutMs;
  }

  /** Commands that wait. */
  get waiting(): number {
    return LANES.reduce((sum, lane) => sum + this.queues[lane].size, 0);
  }

  /** Current maximum of keys in flight. */
  get limit(): number {
    return this.window;
  }

  /** Milliseconds in which commands had to wait for others, so far. */
  get queuedMs(): number {
    const { congestedSince, congestedMs } = this;
    return congestedSince === undefined
      ? congestedMs
      : congestedMs + this.options.now() - congestedSince;
  }

  /**
   * Requests permission to send a command; {@link Dispatcher.leave} must follow if it is granted.
   *
   * @returns Usually true; a promise if the command has to wait; false if it must not be sent.
   */
  enter(cost: CommandCost): boolean | Promise<boolean> {
    if (this.isFirst(cost.lane) && this.fits(cost)) {
      this.add(cost);
      return true;
    }
    const now = this.options.now();
    if (this.congestedSince === undefined) this.congest(now);
    if (this.isTooMuch(cost)) {
      this.reportOverload();
      return false;
    }
    return new Promise((settle) => {
      const { weight, lane } = cost;
      this.queues[lane].push({ weight, lane, since: now, settle });
    });
  }

  /** A command has ended: the store has replied, or it timed out. */
  leave({ weight, lane }: CommandCost, sentAt: number | undefined, hasReplied: boolean): void {
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

  /** The current time if the command's duration is to be measured, which is while others wait. */
  sentAt(): number | undefined {
    return this.congestedSince === undefined ? undefined : this.options.now();
  }

  /** Measures, adapts, and drops overdue commands. Call it several times per time-out. */
  look(): void {
    if (this.congestedSince === undefined) return;
    const now = this.options.now();
    this.measure(now);
    for (const lane of LANES) this.dropLate(lane, now);
    this.pump();
  }

  /** Rejects all queued commands without sending them: the store is unavailable. */
  skipAll(): void {
    for (const lane of LANES) {
      const queue = this.queues[lane];
      for (let first = queue.shift(); first !== undefined; first = queue.shift()) {
        first.settle(false);
      }
    }
    this.pump();
  }

  private dropLate(lane: Lane, now: number): void {
    if (lane === 'finish' && now - this.repliedAt < this.maxWaitMs) return;
    const queue = this.queues[lane];
    for (let { first } = queue; first !== undefined; first = queue.first) {
      if (now - first.since < this.maxWaitMs) return;
      queue.shift();
      this.reportOverload();
      first.settle(false);
    }
  }

  /** Whether no command waits that precedes the lane's next one. */
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
      // A bulk call that has waited for a time-out sends one command beside the others.
      const isAged =
        this.bulkInFlight === 0 && this.options.now() - first.since >= this.options.timeoutMs;
      if (this.isFirst('single')) this.pumpLane(bulk);
      else if (isAged) this.send(bulk);
    }
    if (this.waiting === 0) this.relax();
  }

  /** Sends the commands that fit; returns whether none is left. */
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

  private congest(now: number): void {
    this.congestedSince = now;
    this.lookedAt = now;
    this.repliedAt = now;
    this.completed = 0;
    this.slowestMs = 0;
    this.rate = undefined;
  }

  private relax(): void {
    if (this.congestedSince === undefined) return;
    this.congestedMs = this.queuedMs;
    this.congestedSince = undefined;
    this.hasReported = false;
  }

  private isTooMuch({ lane }: CommandCost): boolean {
    if (lane === 'finish') return this.queues.finish.size >= DISPATCH.maxFinishing;
    // Measured rates vary: if in doubt, the command waits, and is dropped once it has waited too long.
    return this.projectedMs(lane) > DISPATCH.maxTimeouts * this.options.timeoutMs;
  }

  /** How long a command would wait: for everything in its own lane and those before it. */
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
    const elapsedMs = now - this.lookedAt;
    // A distant store replies in bursts: short silences mean nothing.
    if (elapsedMs < (this.completed > 0 ? timeoutMs / 10 : timeoutMs / 2)) return;
    const latest = this.completed / elapsedMs;
    // Short intervals differ by chance, the more so on a busy machine.
    const share = Math.min(0.5, (2 * elapsedMs) / timeoutMs);
    this.rate = this.rate === undefined ? latest : this.rate + share * (latest - this.rate);
    if (this.slowestMs > timeoutMs * DISPATCH.slowShare || latest === 0) {
      this.window = Math.max(DISPATCH.minInFlight, Math.floor(this.window / 2));
    } else if (this.slowestMs < (timeoutMs * DISPATCH.slowShare) / 2) {
      this.window = Math.min(DISPATCH.maxInFlight, Math.ceil(this.window * 1.25));
    }
    this.lookedAt = now;
    this.completed = 0;
    this.slowestMs = 0;
  }

  private reportOverload(): void {
    if (this.hasReported) return;
    this.hasReported = true;
    this.options.onOverload(this.waiting);
  }
}

/** A queue that does not move its elements at each removal. */
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
