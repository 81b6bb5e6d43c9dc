import type { Cluster, Redis, RedisOptions } from 'ioredis';

import { StoreError } from '../../base/errors/errors.js';
import { CommandWatch } from '../connection/command-watch.js';
import type { RedisClient } from '../connection/connection.js';
import { CONNECT_TIMEOUT_MS, DISCONNECT_TIMEOUT_MS } from '../connection/delays.js';
import { isReply } from '../connection/failure.js';

/** The channel on which the server reports changed keys. */
const INVALIDATIONS = '__redis__:invalidate';

/** Override the client's options: this connection is attempted once, and replaced when it is lost. */
const OPTIONS = {
  // With RESP3, ioredis 6 would drop the messages that the server pushes.
  protocol: 2,
  replyMapping: 'legacy',
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  // The probes notice a failover; more connections to the sentinels are not needed.
  failoverDetector: false,
  reconnectOnError: null,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  enableReadyCheck: false,
  lazyConnect: true,
  connectTimeout: CONNECT_TIMEOUT_MS,
  sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
  disconnectTimeout: DISCONNECT_TIMEOUT_MS,
  monitor: false,
  stringNumbers: false,
} satisfies RedisOptions;

export interface SubscriptionOptions {
  readonly channels: readonly string[];
  /** Prefix of the keys to track; `undefined` for no tracking. */
  readonly tracked: string | undefined;
  readonly onMessage: (text: string) => void;
  /** Receives the names of keys that any program changed; `undefined` for all keys. */
  readonly onTracked: (names: readonly string[] | undefined) => void;
  /** Called when the open connection is lost: at most once, and not after {@link Subscription.close}. */
  readonly onEnd: () => void;
}

/**
 * A connection that listens until it is lost. It never reconnects by itself: tracking would not survive
 * that, and a gap in the messages must not go unnoticed.
 *
 * @internal
 */
export class Subscription {
  private readonly client: Redis;
  private isOpen = false;
  private hasEnded = false;
  private reason: Error | undefined;
  private trackingError: Error | undefined;

  constructor(
    client: RedisClient,
    private readonly options: SubscriptionOptions,
  ) {
    this.client = this.duplicate(client);
    new CommandWatch(this.client);
    this.client.on('error', (error) => (this.reason = error));
    this.client.on('end', () => {
      this.end();
    });
    this.client.on('close', () => {
      this.end();
    });
    this.client.on('messageBuffer', (channel, payload: unknown) => {
      if (!this.hasEnded) this.receive(channel.toString(), payload);
    });
  }

  /** Why the server refused to track, if tracking was requested. */
  get trackingRefusal(): Error | undefined {
    return this.trackingError;
  }

  /** @throws if the server cannot be reached, or refuses the subscription. */
  async open(): Promise<void> {
    const { client, options } = this;
    try {
      await client.connect();
      // Before `SUBSCRIBE`, after which RESP2 allows no other commands.
      if (options.tracked !== undefined) await this.track(options.tracked);
      await client.subscribe(...options.channels);
      this.isOpen = true;
    } catch (error) {
      // The promise of `connect` rejects without the reason.
      throw isReply(error) ? error : (this.reason ?? error);
    }
  }

  close(): void {
    this.hasEnded = true;
    this.client.disconnect();
  }

  private duplicate(client: RedisClient): Redis {
    // `undefined` removes the client's time-outs: this connection is often silent, and ioredis's time-outs
    // of commands fire before a blocked event loop has read the reply.
    const override = {
      ...OPTIONS,
      commandTimeout: undefined,
      socketTimeout: undefined,
    } as RedisOptions;
    if (!('isCluster' in client) || !client.isCluster) return (client as Redis).duplicate(override);
    const nodes = (client as Cluster).nodes('all');
    const node = nodes[Math.floor(Math.random() * nodes.length)];
    if (node === undefined) throw new StoreError('listen', 'Redis: the cluster has no nodes.');
    return node.duplicate(override);
  }

  /** Turns tracking on. RESP2 redirects invalidations to a connection that listens: here, to this one. */
  private async track(prefix: string): Promise<void> {
    const { client } = this;
    try {
      const self = String(await client.client('ID'));
      await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', self, 'BCAST', 'PREFIX', prefix);
      await client.subscribe(INVALIDATIONS);
    } catch (error) {
      // A proxy, or a user without the permission.
      if (!isReply(error)) throw error;
      this.trackingError = error;
      await client.call('CLIENT', 'TRACKING', 'OFF').catch(() => undefined);
    }
  }

  private receive(channel: string, payload: unknown): void {
    const { onTracked, onMessage } = this.options;
    if (channel !== INVALIDATIONS) onMessage(String(payload));
    else onTracked(Array.isArray(payload) ? payload.map(String) : undefined);
  }

  private end(): void {
    // Before it is open, `open` rejects instead.
    if (this.hasEnded || !this.isOpen) return;
    this.hasEnded = true;
    this.options.onEnd();
  }
}
