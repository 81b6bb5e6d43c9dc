import { ConfigurationError, StoreError } from '../base/errors/errors.js';
import type { Coordinator, CoordinatorOptions } from '../store/coordinator.js';
import { Bus } from './bus/bus.js';
import { listen, unlisten } from './connection/client-events.js';
import type { Connection } from './connection/connection.js';
import { RedisEntries } from './entries.js';
import { RedisHistory } from './history.js';
import { RedisKeyCount } from './key-count.js';
import { RedisKeys } from './keys.js';
import { RedisLeases } from './leases.js';
import { Outbox } from './bus/outbox.js';
import { Receiver } from './bus/receiver.js';
import { Readiness } from './readiness.js';
import { Scripts } from './scripts.js';
import { ServerClock } from './server-clock.js';
import { unsupported } from './server-version.js';
import { RedisSnapshots } from './snapshots.js';
import { RedisTags } from './tags.js';

/*
 * This folder implements the store contracts of `store/` on Redis. Start here for the coordination of caches:
 * `entries`, `leases` and `tags` run the Lua scripts of `scripts.ts` on the keys of `keys.ts`; `history`
 * detects that a server has returned to an earlier state, and `server-clock` measures the server's time.
 * `redis-store.ts` is the Keyv adapter, and `open.ts` opens it for a cache. `connection/` manages the client
 * (see `connection/connection.ts`), and `bus/` receives the changes of other processes (see `bus/bus.ts`).
 */

/**
 * Coordinates the caches of one namespace through Redis. Scripts implement entries, leases and tags; a second
 * connection receives messages. Each part implements its share of the contract.
 *
 * @internal
 */
export class RedisCoordinator implements Coordinator {
  readonly entries: RedisEntries;
  readonly leases: RedisLeases;
  readonly tags: RedisTags;
  readonly sharedCount: RedisKeyCount;
  readonly snapshots: RedisSnapshots;
  readonly history: RedisHistory;
  private readonly readiness: Readiness;
  private readonly time: ServerClock;
  private readonly outbox: Outbox;
  private readonly receiver: Receiver;
  private readonly bus: Bus;
  private wasVersionReported = false;

  /**
   * @throws ConfigurationError for tracking on a cluster, where each node reports only its own keys.
   */
  constructor(
    private readonly connection: Connection,
    private readonly options: CoordinatorOptions,
  ) {
    const { client, isCluster } = connection;
    const { clock, hasMemory, listener, namespace, origin } = options;
    if (isCluster && options.bus === 'tracking') {
      throw new ConfigurationError(
        "RedisStore: bus 'tracking' cannot be used on a cluster. Use 'pubsub', its default there.",
      );
    }
    if (options.timeoutMs !== undefined) connection.extendTimeout(options.timeoutMs);
    const redisKeys = new RedisKeys(namespace);
    const scripts = new Scripts(client);
    const time = new ServerClock(client, isCluster, redisKeys.tags, clock, () => {
      listener.onReset();
    });
    const readiness = new Readiness(connection, time, clock);
    const outbox = new Outbox(redisKeys, origin);
    const context = { connection, readiness, redisKeys, scripts, time, outbox };
    this.readiness = readiness;
    this.time = time;
    this.outbox = outbox;
    this.entries = new RedisEntries(context);
    this.leases = new RedisLeases(context);
    this.tags = new RedisTags(context);
    this.history = new RedisHistory({ connection, redisKeys, origin, clock, time, scripts });
    this.sharedCount = new RedisKeyCount(connection, redisKeys);
    this.snapshots = new RedisSnapshots(
      connection,
      redisKeys,
      () => clock.now() + this.clockOffsetMs,
    );
    this.receiver = new Receiver(options, redisKeys, time);
    this.bus = new Bus({
      client,
      origin,
      clock,
      redisKeys,
      listener,
      receiver: this.receiver,
      tracking: hasMemory && !isCluster && options.bus !== 'pubsub',
      publish: (channel, text) => this.publishProbe(channel, text),
    });
    listen(client, 'ready', this.connected);
    listen(client, 'close', this.disconnected);
    listen(client, 'end', this.disconnected);
    if (this.isConnected) this.connected();
  }

  get isConnected(): boolean {
    return this.connection.isReady;
  }

  get isListening(): boolean {
    return this.bus.isListening;
  }

  get messages(): { readonly sent: number; readonly received: number } {
    return { sent: this.outbox.sent, received: this.receiver.received };
  }

  get clockOffsetMs(): number {
    return this.time.offsetMs;
  }

  get lastTagClock(): number | undefined {
    return this.time.lastTagClock;
  }

  ready(): Promise<void> | undefined {
    return this.readiness.wait();
  }

  close(): void {
    const { client } = this.connection;
    unlisten(client, 'ready', this.connected);
    unlisten(client, 'close', this.disconnected);
    unlisten(client, 'end', this.disconnected);
    this.history.close();
    this.bus.close();
  }

  private readonly connected = (): void => {
    this.history.connected();
    // First, so that everything below can use the server's time.
    this.time.ready()?.catch(() => undefined);
    if (!this.wasVersionReported) void this.checkVersion();
    if (this.options.listens !== false) this.bus.start();
    this.options.listener.onChange();
  };

  private readonly disconnected = (): void => {
    this.time.reset();
    // The next connection may lead to another server, whose messages would not arrive. (A client that was
    // ended has no next connection, and must not listen again.)
    this.bus.stop();
    this.options.listener.onChange();
  };

  private async checkVersion(): Promise<void> {
    let reason: string | undefined;
    try {
      reason = unsupported(await this.connection.client.info('server'));
    } catch {
      // The user may lack the permission.
    }
    if (reason === undefined || this.wasVersionReported) return;
    this.wasVersionReported = true;
    this.options.listener.onError(new StoreError('connect', reason));
  }

  private async publishProbe(channel: string, text: string): Promise<void> {
    // A probe must not wait in a queue.
    if (!this.isConnected) return;
    void this.time.refresh();
    if (this.history.probe()) this.options.listener.onChange();
    await this.connection.client.publish(channel, text);
  }
}
