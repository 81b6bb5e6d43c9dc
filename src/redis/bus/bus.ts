import type { Clock, TimerHandle } from '../../base/clock.js';
import { StoreError } from '../../base/errors.js';
import { inSharedContext } from '../../base/shared-context.js';
import { redacted } from '../../base/redact.js';
import type { RedisClient } from '../connection/connection.js';
import { backOff } from '../connection/delays.js';
import { isReply, messageOf } from '../connection/failure.js';
import { encode, parse, type Received } from './messages.js';
import type { RedisKeys } from '../keys.js';
import { Subscription } from './subscription.js';

/*
 * This folder receives the changes of other processes: over a connection that listens (`subscription`),
 * with probes that verify that messages arrive (`bus`). `messages` has the format of the messages, and
 * `receiver` applies them to the cache.
 */

/** Interval of the probes, and how long the echo of one may take. */
const PROBE_MS = 1000;
/** A blocked event loop fires its timers before it reads the messages that have arrived. */
const GRACE_MS = 100;
/** How often the decision about a probe is deferred, at most. */
const MAX_DEFERRALS = 10;

export interface BusOptions {
  readonly client: RedisClient;
  readonly redisKeys: RedisKeys;
  readonly origin: string;
  readonly clock: Clock;
  /** Whether to use server-side tracking. */
  readonly tracking: boolean;
  /** Sends a probe over the other connection. */
  readonly publish: (channel: string, text: string) => Promise<unknown>;
  /** Whether a text can be ignored without parsing it. */
  readonly skips: (text: string) => boolean;
  readonly onMessage: (message: Received, isTracking: boolean) => void;
  /** Receives the names of changed keys; `undefined` for all keys. */
  readonly onChanged: (names: readonly string[] | undefined) => void;
  /** Called for a message that cannot be read. */
  readonly onGarbage: () => void;
  /** Called before it listens again: messages in between are lost. */
  readonly onReset: () => void;
  /** Called when it begins or stops listening. */
  readonly onChange: () => void;
  readonly onError: (error: Error) => void;
}

/**
 * Receives messages of other caches, and invalidations by the server. It counts as listening only while its
 * own probes come back: TCP may take minutes to notice that a connection is dead.
 *
 * @internal
 */
export class Bus {
  private subscription: Subscription | undefined;
  private listening = false;
  private probes = 0;
  /** The probe whose echo has not arrived yet. */
  private awaited: number | undefined;
  /** Number of texts received: while more arrive, the echo may be among the next ones. */
  private received = 0;
  private deferrals = 0;
  private timer: TimerHandle = undefined;
  /** Attempts to listen that have failed since the last echo. */
  private failures = 0;
  private closed = false;
  private reportedRefusal = false;
  private readonly reported = new Set<string>();

  constructor(private readonly options: BusOptions) {}

  get isListening(): boolean {
    return this.listening;
  }

  /** Starts, or retries at once: the command connection, which sends the probes, is available again. */
  start(): void {
    if (this.closed || this.subscription !== undefined) return;
    this.options.clock.clearTimeout(this.timer);
    void inSharedContext(() => this.attempt());
  }

  /** Ends until {@link Bus.start}. */
  stop(): void {
    this.drop();
    this.options.clock.clearTimeout(this.timer);
  }

  close(): void {
    this.closed = true;
    this.stop();
  }

  private async attempt(): Promise<void> {
    const { client, redisKeys, origin, tracking, onChanged } = this.options;
    let subscription: Subscription | undefined;
    try {
      subscription = new Subscription(client, {
        channels: [redisKeys.bus, redisKeys.probes(origin)],
        tracked: tracking ? redisKeys.prefix : undefined,
        onMessage: (text) => {
          this.receive(text);
        },
        onChanged,
        onEnd: () => {
          if (this.subscription === subscription) this.lost();
        },
      });
      this.subscription = subscription;
      await subscription.open();
    } catch (error) {
      if (this.subscription === subscription) this.lost(error as Error);
      return;
    }
    if (this.subscription === subscription) this.opened(subscription);
  }

  private opened({ trackingRefusal }: Subscription): void {
    if (trackingRefusal !== undefined && !this.reportedRefusal) {
      this.reportedRefusal = true;
      const reason = redacted(trackingRefusal.message);
      const message = `Redis: no CLIENT TRACKING, so that changes by other programs are not noticed: ${reason}`;
      this.options.onError(new StoreError('listen', message));
    }
    this.probe();
  }

  private receive(text: string): void {
    this.received++;
    if (this.options.skips(text)) return;
    const message = parse(text);
    if (message === undefined) this.options.onGarbage();
    else if (message.kind !== 'probe') this.options.onMessage(message, this.isTracking);
    else if (message.origin === this.options.origin && message.id === this.awaited) this.echoed();
  }

  private get isTracking(): boolean {
    return this.options.tracking && this.subscription?.trackingRefusal === undefined;
  }

  private probe(): void {
    const { options } = this;
    const id = ++this.probes;
    this.awaited = id;
    const text = encode(options.origin, { kind: 'probe', id });
    options.publish(options.redisKeys.probes(options.origin), text).catch((error: unknown) => {
      // Without a connection the echo is missing, which is noticed below.
      if (isReply(error)) this.report(error);
    });
    this.timer = options.clock.setTimeout(() => {
      if (this.awaited === undefined) this.probe();
      else {
        this.deferrals = 0;
        this.decideLater();
      }
    }, PROBE_MS);
  }

  /** After a blocked event loop, other messages may have to be read before the echo. */
  private decideLater(): void {
    const { clock } = this.options;
    const { received } = this;
    const dueAt = clock.monotonic() + GRACE_MS;
    this.timer = clock.setTimeout(() => {
      const isBehind = this.received > received || clock.monotonic() - dueAt > GRACE_MS;
      if (this.awaited === undefined) this.probe();
      else if (isBehind && ++this.deferrals < MAX_DEFERRALS) this.decideLater();
      else this.lost(new Error('messages do not arrive: a probe did not come back.'));
    }, GRACE_MS);
  }

  private echoed(): void {
    this.awaited = undefined;
    this.failures = 0;
    if (this.listening) return;
    this.reported.clear();
    this.options.onReset();
    this.listening = true;
    this.options.onChange();
  }

  /** Drops the subscription, and subscribes again after a pause. */
  private lost(reason?: Error): void {
    const { clock, client } = this.options;
    if (reason !== undefined) this.report(reason);
    clock.clearTimeout(this.timer);
    this.timer = clock.setTimeout(() => {
      // Otherwise its event `ready` calls `start`.
      if (client.status === 'ready') this.start();
    }, backOff(this.failures++));
    this.drop();
  }

  private drop(): void {
    const { subscription } = this;
    this.subscription = undefined;
    this.awaited = undefined;
    subscription?.close();
    if (!this.listening) return;
    this.listening = false;
    this.options.onChange();
  }

  /** Reports each failure once, and none while the server itself is unavailable. */
  private report(error: Error): void {
    const message = redacted(messageOf(error));
    if (this.options.client.status !== 'ready' || this.reported.has(message)) return;
    this.reported.add(message);
    this.options.onError(new StoreError('listen', `Redis: ${message}`));
  }
}
