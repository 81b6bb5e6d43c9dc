import type { Clock, TimerHandle } from '../../base/time/clock.js';
import { StoreError } from '../../base/errors/errors.js';
import { inSharedContext } from '../../base/async/shared-context.js';
import { redacted } from '../../base/errors/redact.js';
import type { CoordinatorListener } from '../../store/coordinator.js';
import type { RedisClient } from '../connection/connection.js';
import { backOff } from '../connection/delays.js';
import { isReply, messageOf } from '../connection/failure.js';
import { encode, parse } from './messages.js';
import type { Receiver } from './receiver.js';
import type { RedisKeys } from '../keys.js';
import { Subscription } from './subscription.js';

/*
 * This folder receives the changes of other processes. `subscription` is the connection that listens, and
 * `bus` verifies with probes that messages arrive on it. `messages` defines their format, and `receiver`
 * applies them to the cache.
 */

/** Interval of the probes, and the time-out of an echo. */
const PROBE_MS = 1000;
/** A blocked event loop fires its timers before it reads the messages that have arrived. */
const GRACE_MS = 100;
/** How often the decision about a probe may be deferred. */
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
  readonly receiver: Pick<Receiver, 'canSkip' | 'receive' | 'receiveTracked'>;
  /** `onReset` is called before the bus counts as listening again: messages in between are lost. */
  readonly listener: Pick<CoordinatorListener, 'onReset' | 'onChange' | 'onError'>;
}

/**
 * Receives messages of other caches, and invalidations by the server. It counts as listening only while the
 * probes of this cache come back: TCP may take minutes to detect a dead connection.
 *
 * @internal
 */
export class Bus {
  private subscription: Subscription | undefined;
  private listening = false;
  /** Number of probes sent, and the id of the last one. */
  private probes = 0;
  /** The probe whose echo has not arrived yet. */
  private pendingProbe: number | undefined;
  /** Number of texts received: while it grows, the echo may be among the next ones. */
  private received = 0;
  private deferrals = 0;
  private timer: TimerHandle = undefined;
  /** Failed attempts to listen since the last echo. */
  private failures = 0;
  private closed = false;
  private wasRefusalReported = false;
  private readonly reported = new Set<string>();

  constructor(private readonly options: BusOptions) {}

  get isListening(): boolean {
    return this.listening;
  }

  /** Starts listening, or retries at once: the command connection, which sends the probes, is ready again. */
  start(): void {
    if (this.closed || this.subscription !== undefined) return;
    this.options.clock.clearTimeout(this.timer);
    void inSharedContext(() => this.subscribe());
  }

  /** Stops listening until {@link Bus.start}. */
  stop(): void {
    this.unsubscribe();
    this.options.clock.clearTimeout(this.timer);
  }

  close(): void {
    this.closed = true;
    this.stop();
  }

  private async subscribe(): Promise<void> {
    const { client, redisKeys, origin, tracking, receiver } = this.options;
    let subscription: Subscription | undefined;
    try {
      subscription = new Subscription(client, {
        channels: [redisKeys.bus, redisKeys.probes(origin)],
        tracked: tracking ? redisKeys.prefix : undefined,
        onMessage: (text) => {
          this.receive(text);
        },
        onTracked: (names) => {
          receiver.receiveTracked(names);
        },
        onEnd: () => {
          if (this.subscription === subscription) this.onLost();
        },
      });
      this.subscription = subscription;
      await subscription.open();
    } catch (error) {
      if (this.subscription === subscription) this.onLost(error as Error);
      return;
    }
    if (this.subscription === subscription) this.onOpen(subscription);
  }

  private onOpen({ trackingRefusal }: Subscription): void {
    if (trackingRefusal !== undefined && !this.wasRefusalReported) {
      this.wasRefusalReported = true;
      const reason = redacted(trackingRefusal.message);
      const message = `Redis: CLIENT TRACKING is not available, so changes by other programs go unnoticed: ${reason}`;
      this.options.listener.onError(new StoreError('listen', message));
    }
    this.probe();
  }

  private receive(text: string): void {
    this.received++;
    const { listener, receiver } = this.options;
    if (receiver.canSkip(text)) return;
    const message = parse(text);
    // It may have concerned any key.
    if (message === undefined) listener.onReset();
    else if (message.kind !== 'probe') receiver.receive(message, this.isTracking);
    else if (message.origin === this.options.origin && message.id === this.pendingProbe)
      this.onEcho();
  }

  private get isTracking(): boolean {
    return this.options.tracking && this.subscription?.trackingRefusal === undefined;
  }

  private probe(): void {
    const { options } = this;
    const id = ++this.probes;
    this.pendingProbe = id;
    const text = encode(options.origin, { kind: 'probe', id });
    options.publish(options.redisKeys.probes(options.origin), text).catch((error: unknown) => {
      // Without a connection there is no echo either, which the timer below detects.
      if (isReply(error)) this.report(error);
    });
    this.timer = options.clock.setTimeout(() => {
      if (this.pendingProbe === undefined) this.probe();
      else {
        this.deferrals = 0;
        this.deferDecision();
      }
    }, PROBE_MS);
  }

  /** After a blocked event loop, the echo may be behind other messages that have not been read yet. */
  private deferDecision(): void {
    const { clock } = this.options;
    const { received } = this;
    const dueAt = clock.monotonic() + GRACE_MS;
    this.timer = clock.setTimeout(() => {
      const isBehind = this.received > received || clock.monotonic() - dueAt > GRACE_MS;
      if (this.pendingProbe === undefined) this.probe();
      else if (isBehind && ++this.deferrals < MAX_DEFERRALS) this.deferDecision();
      else this.onLost(new Error('messages do not arrive: a probe did not come back.'));
    }, GRACE_MS);
  }

  private onEcho(): void {
    this.pendingProbe = undefined;
    this.failures = 0;
    if (this.listening) return;
    this.reported.clear();
    this.options.listener.onReset();
    this.listening = true;
    this.options.listener.onChange();
  }

  /** Ends the subscription, and subscribes again after a delay. */
  private onLost(reason?: Error): void {
    const { clock, client } = this.options;
    if (reason !== undefined) this.report(reason);
    clock.clearTimeout(this.timer);
    this.timer = clock.setTimeout(() => {
      // If it is not ready, its `ready` event calls `start`.
      if (client.status === 'ready') this.start();
    }, backOff(this.failures++));
    this.unsubscribe();
  }

  private unsubscribe(): void {
    const { subscription } = this;
    this.subscription = undefined;
    this.pendingProbe = undefined;
    subscription?.close();
    if (!this.listening) return;
    this.listening = false;
    this.options.listener.onChange();
  }

  /** Reports each failure once, and none while the server itself is unavailable. */
  private report(error: Error): void {
    const message = redacted(messageOf(error));
    if (this.options.client.status !== 'ready' || this.reported.has(message)) return;
    this.reported.add(message);
    this.options.listener.onError(new StoreError('listen', `Redis: ${message}`));
  }
}
