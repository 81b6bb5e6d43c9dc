import type { Command, Redis } from 'ioredis';

import { systemClock, type Clock } from '../../base/time/clock.js';

/** The undocumented parts of an ioredis client that this file uses; any of them may be absent. */
interface ClientInternals {
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

interface SentCommand {
  /** The command; `undefined` once it has settled. */
  command: Command | undefined;
  readonly tick: number;
}

/** Limits in milliseconds. */
export interface WatchLimits {
  /** How long a command may take. */
  readonly commandMs: number;
  /** How long a connection may be silent while a reply is pending, before it counts as lost. */
  readonly silenceMs: number;
}

/** The limits of clients whose options set none. */
export const WATCH_LIMITS: WatchLimits = { commandMs: 1000, silenceMs: 2000 };

/** Checks within the time-out of a command. */
const CHECKS_PER_TIMEOUT = 4;
/** Settled commands at the front of the list are removed once there are more than this. */
const MAX_SETTLED = 1000;

/**
 * Limits the commands of a client that the cache created. It rejects a command that takes too long, and
 * closes a connection that is silent for too long while a reply is pending; ioredis then opens another one.
 * It also lets the process exit while no command is in flight: otherwise the socket, and the timer between
 * two attempts to connect, would hold it open.
 *
 * ioredis has options for both limits, but they start and clear two timers for each command that is alone on
 * the connection: a tenth of the processor time of a `GET`. Here, one timer ticks while commands are in
 * flight. It counts ticks rather than time: a blocked event loop leaves replies unread for any length of
 * time, but counts as one tick at most.
 *
 * @internal
 */
export class CommandWatch {
  /** Commands in the order in which they were sent; most have settled. */
  private readonly sent: SentCommand[] = [];
  /** Position of the first command that may be pending. */
  private first = 0;
  private inFlight = 0;
  private tick = 0;
  private isTicking = false;
  /** The stream at the last tick, and the bytes that it had received. */
  private lastReading: { readonly stream: Stream | undefined; readonly bytes: number | undefined };
  /** Number of ticks since the last byte. */
  private silentTicks = 0;
  /** Whether the reply to a command that timed out may still arrive. */
  private isReplyPending = false;
  private readonly internals: ClientInternals;
  private readonly tickMs: number;
  /** Ticks after which a command times out: one more than its limit, for the tick in which it is sent. */
  private maxTicks: number;
  /** Ticks of silence after which the connection is closed, likewise. */
  private maxSilentTicks: number;

  constructor(
    client: Redis,
    { commandMs, silenceMs }: WatchLimits = WATCH_LIMITS,
    private readonly clock: Clock = systemClock,
  ) {
    this.tickMs = Math.max(1, Math.min(commandMs, silenceMs) / CHECKS_PER_TIMEOUT);
    this.maxTicks = Math.ceil(commandMs / this.tickMs) + 1;
    this.maxSilentTicks = Math.ceil(silenceMs / this.tickMs) + 1;
    this.internals = client as unknown as ClientInternals;
    this.lastReading = this.readStream();
    const send = client.sendCommand.bind(client);
    client.sendCommand = (command, stream) => {
      this.begin(command);
      return send(command, stream);
    };
    client.on('ready', () => {
      if (this.inFlight === 0) this.holdProcessOpen(false);
    });
    client.on('reconnecting', () => this.internals.reconnectTimeout?.unref?.());
  }

  /** Raises both limits to at least `ms` milliseconds, the time for which a cache waits for a command. */
  extendTimeout(ms: number): void {
    const ticks = Math.ceil(ms / this.tickMs) + 1;
    this.maxTicks = Math.max(this.maxTicks, ticks);
    this.maxSilentTicks = Math.max(this.maxSilentTicks, ticks);
  }

  /** Number of commands in the list, settled ones included. */
  get length(): number {
    return this.sent.length;
  }

  private begin(command: Command): void {
    const one: SentCommand = { command, tick: this.tick };
    this.sent.push(one);
    if (++this.inFlight === 1) this.holdProcessOpen(true);
    const settled = (): void => {
      one.command = undefined;
      this.end();
    };
    command.promise.then(settled, settled);
    if (this.isTicking) return;
    this.isTicking = true;
    this.lastReading = this.readStream();
    this.silentTicks = 0;
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
    if (--this.inFlight === 0) this.holdProcessOpen(false);
  }

  private holdProcessOpen(isHeld: boolean): void {
    const { stream } = this.internals;
    // A closed socket holds nothing open.
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
    const { stream, bytes } = this.readStream();
    // While the client connects, it has not sent a command.
    const isConnecting = this.internals.status === 'connecting';
    if (stream === this.lastReading.stream && bytes === this.lastReading.bytes && !isConnecting)
      this.silentTicks++;
    else {
      this.lastReading = { stream, bytes };
      this.silentTicks = 0;
      this.isReplyPending = false;
    }
    this.rejectOverdue();
    if (this.silentTicks >= this.maxSilentTicks && (this.inFlight > 0 || this.isReplyPending)) {
      this.isReplyPending = false;
      this.silentTicks = 0;
      stream?.destroy?.(
        new Error(`No reply for ${Math.round((this.maxSilentTicks - 1) * this.tickMs)} ms.`),
      );
    }
    this.isTicking = this.inFlight > 0 || this.isReplyPending;
    if (this.isTicking) this.arm();
  }

  private rejectOverdue(): void {
    for (let i = this.first; i < this.sent.length; i++) {
      const { command, tick } = this.sent[i] as SentCommand;
      if (tick > this.tick - this.maxTicks) return;
      if (command === undefined) continue;
      this.isReplyPending = true;
      command.reject(new Error('Command timed out'));
    }
  }

  private readStream(): { stream: Stream | undefined; bytes: number | undefined } {
    const { stream } = this.internals;
    return { stream, bytes: stream?.bytesRead };
  }
}
