import type { Command, Redis } from 'ioredis';

import { systemClock, type Clock } from '../../base/clock.js';

/** Undocumented parts of an ioredis client that are used; any of them may be absent. */
interface Insides {
  readonly status: string;
  readonly stream?: Stream;
  readonly reconnectTimeout?: { unref?: () => unknown } | null;
}

interface Stream {
  readonly destroyed?: boolean;
  readonly bytesRead?: number;
  ref?: () => unknown;
  unref?: () => unknown;
  destroy?: (error: Error) => unknown;
}

interface Sent {
  /** The command; absent once it is settled. */
  command: Command | undefined;
  readonly tick: number;
}

/** Limits in milliseconds. */
export interface WatchLimits {
  /** How long a command may take. */
  readonly commandMs: number;
  /** How long a connection may be silent while a reply is due, before it counts as lost. */
  readonly silenceMs: number;
}

/** The limits of clients whose options have none. */
export const WATCH_LIMITS: WatchLimits = { commandMs: 1000, silenceMs: 2000 };

/** Checks within the time-out of a command. */
const CHECKS_PER_TIMEOUT = 4;
/** Maximum number of settled commands at the front of the list, before it is shortened. */
const MAX_SETTLED = 1000;

/**
 * Watches the commands of the cache's own client. A command that takes too long is rejected; a connection
 * that is silent for too long while a reply is due is closed, and ioredis opens another one. It also
 * lets the process end while no command is under way: the socket, and the timer between two attempts to
 * connect, would keep it alive.
 *
 * ioredis has options for the first two, but they start and clear two timers for each command that is alone
 * on the connection: a tenth of the processor time of a `GET`. Here, one timer ticks while commands are under
 * way. It counts ticks rather than time: while the event loop is blocked, replies that have arrived are
 * unread, but at most one tick is counted.
 *
 * @internal
 */
export class CommandWatch {
  /** Commands in the order in which they were sent; most are settled. */
  private readonly sent: Sent[] = [];
  /** Position of the first command that may not be settled. */
  private first = 0;
  private underWay = 0;
  private tick = 0;
  private isTicking = false;
  /** Bytes that had arrived at the last tick, and for how many ticks none have followed. */
  private heard: { readonly stream: Stream | undefined; readonly bytes: number | undefined };
  private silence = 0;
  /** Whether the reply to a command that timed out may still arrive. */
  private isOwed = false;
  private readonly insides: Insides;
  private readonly tickMs: number;
  /** Maximum duration of a command, in ticks, plus one for the tick in which it is sent. */
  private patience: number;
  private longestSilence: number;

  constructor(
    client: Redis,
    { commandMs, silenceMs }: WatchLimits = WATCH_LIMITS,
    private readonly clock: Clock = systemClock,
  ) {
    this.tickMs = Math.max(1, Math.min(commandMs, silenceMs) / CHECKS_PER_TIMEOUT);
    this.patience = Math.ceil(commandMs / this.tickMs) + 1;
    this.longestSilence = Math.ceil(silenceMs / this.tickMs) + 1;
    this.insides = client as unknown as Insides;
    this.heard = this.listen();
    const send = client.sendCommand.bind(client);
    client.sendCommand = (command, stream) => {
      this.begin(command);
      return send(command, stream);
    };
    client.on('ready', () => {
      if (this.underWay === 0) this.hold(false);
    });
    client.on('reconnecting', () => this.insides.reconnectTimeout?.unref?.());
  }

  /**
   * Lets commands take at least `ms` milliseconds: as long as a cache that uses the client waits for them.
   */
  allow(ms: number): void {
    const ticks = Math.ceil(ms / this.tickMs) + 1;
    this.patience = Math.max(this.patience, ticks);
    this.longestSilence = Math.max(this.longestSilence, ticks);
  }

  /** Commands in the list, settled or not. */
  get length(): number {
    return this.sent.length;
  }

  private begin(command: Command): void {
    const one: Sent = { command, tick: this.tick };
    this.sent.push(one);
    if (++this.underWay === 1) this.hold(true);
    const settled = (): void => {
      one.command = undefined;
      this.end();
    };
    command.promise.then(settled, settled);
    if (this.isTicking) return;
    this.isTicking = true;
    this.heard = this.listen();
    this.silence = 0;
    this.arm();
  }

  private end(): void {
    const { sent } = this;
    while (this.first < sent.length && sent[this.first]?.command === undefined) this.first++;
    if (this.first === sent.length) this.first = sent.length = 0;
    else if (this.first > MAX_SETTLED) {
      sent.splice(0, this.first);
      this.first = 0;
    }
    if (--this.underWay === 0) this.hold(false);
  }

  private hold(isHeld: boolean): void {
    const { stream } = this.insides;
    // A closed socket would only wait to be connected.
    if (stream === undefined || stream.destroyed === true) return;
    if (isHeld) stream.ref?.();
    else stream.unref?.();
  }

  private arm(): void {
    this.clock.setTimeout(() => {
      this.check();
    }, this.tickMs);
  }

  private check(): void {
    this.tick++;
    const { stream, bytes } = this.listen();
    // While it connects, no command has been sent yet.
    const isConnecting = this.insides.status === 'connecting';
    if (stream === this.heard.stream && bytes === this.heard.bytes && !isConnecting) this.silence++;
    else {
      this.heard = { stream, bytes };
      this.silence = 0;
      this.isOwed = false;
    }
    this.giveUp();
    if (this.silence >= this.longestSilence && (this.underWay > 0 || this.isOwed)) {
      this.isOwed = false;
      this.silence = 0;
      stream?.destroy?.(
        new Error(`No reply for ${Math.round((this.longestSilence - 1) * this.tickMs)} ms.`),
      );
    }
    this.isTicking = this.underWay > 0 || this.isOwed;
    if (this.isTicking) this.arm();
  }

  private giveUp(): void {
    for (let i = this.first; i < this.sent.length; i++) {
      const { command, tick } = this.sent[i] as Sent;
      if (tick > this.tick - this.patience) return;
      if (command === undefined) continue;
      this.isOwed = true;
      command.reject(new Error('Command timed out'));
    }
  }

  private listen(): { stream: Stream | undefined; bytes: number | undefined } {
    const { stream } = this.insides;
    return { stream, bytes: stream?.bytesRead };
  }
}
