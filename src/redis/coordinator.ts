import { ConfigurationError, StoreError } from '../base/errors.js';
import type {
  Coordinator,
  CoordinatorOptions,
  FillOutcomes,
  LeaseReply,
  KeyPattern,
  LeaseFill,
  LeaseRequest,
  SetOutcome,
  StoredText,
  TagVersions,
} from '../store/coordinator.js';
import { Bus } from './bus/bus.js';
import { listen, unlisten } from './connection/client-events.js';
import { clearMatching } from './clear.js';
import type { Connection } from './connection/connection.js';
import { EntryScripts } from './entry-scripts.js';
import { RedisHistory } from './history.js';
import { RedisKeyCount } from './key-count.js';
import { RedisKeys } from './keys.js';
import { LeaseScripts } from './lease-scripts.js';
import { encode, encodeTags, type Message } from './bus/messages.js';
import { Receiver } from './bus/receiver.js';
import { scan } from './scan.js';
import { Scripts } from './scripts.js';
import { ServerClock } from './server-clock.js';
import { unsupported } from './server-version.js';
import { RedisSnapshots } from './snapshots.js';

/** Fields of the tags' hash, beyond which the oldest go: `epoch`, `clock`, `floor`, `cursor`, and tags. */
const MAX_FIELDS = 100_000 + 4;

/**
 * Coordinates the caches of one namespace through Redis: leases and writes by scripts, messages by
 * a second connection that listens.
 *
 * @internal
 */
export class RedisCoordinator implements Coordinator {
  readonly sharedCount: RedisKeyCount;
  readonly snapshots: RedisSnapshots;
  readonly history: RedisHistory;
  private readonly redisKeys: RedisKeys;
  private readonly scripts: Scripts;
  private readonly entries: EntryScripts;
  private readonly leases: LeaseScripts;
  private readonly time: ServerClock;
  private readonly receiver: Receiver;
  private readonly bus: Bus;
  private messagesSent = 0;
  private toldVersion = false;
  private starting: Promise<void> | undefined;

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
    if (options.timeoutMs !== undefined) connection.allow(options.timeoutMs);
    this.redisKeys = new RedisKeys(namespace);
    this.scripts = new Scripts(client);
    this.entries = new EntryScripts(this.scripts, this.redisKeys, isCluster, (message) => {
      this.sent();
      return this.message(message);
    });
    this.leases = new LeaseScripts(
      this.scripts,
      this.redisKeys,
      isCluster,
      (message) => this.message(message),
      () => {
        this.sent();
      },
    );
    this.time = new ServerClock(client, isCluster, this.redisKeys.tags, clock, () => {
      listener.onReset();
    });
    const { redisKeys, time, scripts } = this;
    this.history = new RedisHistory({ connection, redisKeys, origin, clock, time, scripts });
    this.sharedCount = new RedisKeyCount(connection, redisKeys);
    this.snapshots = new RedisSnapshots(
      connection,
      this.redisKeys,
      () => clock.now() + this.clockOffsetMs,
    );
    const receiver = new Receiver(options, redisKeys, time);
    this.receiver = receiver;
    this.bus = new Bus({
      ...{ client, origin, clock, redisKeys: this.redisKeys },
      tracking: hasMemory && !isCluster && options.bus !== 'pubsub',
      publish: (channel, text) => this.publishProbe(channel, text),
      skips: (text) => receiver.skips(text),
      onMessage: (message, isTracking) => {
        receiver.receive(message, isTracking);
      },
      onChanged: (names) => {
        receiver.changed(names);
      },
      onGarbage: () => {
        listener.onReset();
      },
      onReset: () => {
        listener.onReset();
      },
      onChange: () => {
        listener.onChange();
      },
      onError: (error) => {
        listener.onError(error);
      },
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
    return { sent: this.messagesSent, received: this.receiver.received };
  }

  get clockOffsetMs(): number {
    return this.time.offsetMs;
  }

  get lastTagClock(): number | undefined {
    return this.time.lastTagClock;
  }

  ready(): Promise<void> | undefined {
    // One promise for all who wait: their commands must not overtake each other.
    if (this.starting !== undefined) return this.starting;
    const connecting = this.connection.ready() ?? this.time.ready();
    if (connecting === undefined) return undefined;
    const over = (): void => {
      this.starting = undefined;
    };
    // Once the server's time has been read, it is also known whether the selected database exists.
    const starting = connecting.then(() => this.time.ready()).then(() => this.connection.ready());
    starting.then(over, over);
    return (this.starting = starting);
  }

  async acquire(requests: readonly LeaseRequest[], withinMs: number): Promise<LeaseReply[]> {
    return await this.leases.acquire(requests, await this.notAfter(withinMs));
  }

  async renew(key: string, token: string, leaseMs: number): Promise<boolean> {
    await this.ready();
    return await this.leases.renew(key, token, leaseMs);
  }

  async release(key: string, token: string): Promise<void> {
    await this.ready();
    await this.leases.release(key, token);
  }

  async fill(fills: readonly LeaseFill[]): Promise<FillOutcomes> {
    await this.ready();
    return await this.leases.fill(fills);
  }

  async set(entries: readonly StoredText[], withinMs: number): Promise<SetOutcome> {
    return await this.entries.set(entries, await this.notAfter(withinMs));
  }

  async delete(keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    await this.ready();
    return await this.entries.delete(keys);
  }

  async *clear(groups: readonly (readonly KeyPattern[])[]): ReturnType<typeof clearMatching> {
    const sources = groups.flat().map(({ source }) => source);
    if (sources.length === 0) return;
    await this.ready();
    yield* clearMatching(this.connection, this.scripts, this.redisKeys, groups);
    await this.ready();
    const [channel, text] = this.message({ kind: 'clear', patterns: sources });
    await this.connection.client.publish(channel, text);
    this.sent();
  }

  async *count(): AsyncGenerator<number> {
    await this.ready();
    for await (const names of scan(this.connection.client, this.redisKeys.prefix))
      yield names.length;
  }

  async tagClock(): Promise<number> {
    await this.ready();
    return this.sawTagClock(await this.scripts.run('tagClock', this.redisKeys.tags));
  }

  async tagVersions(tags: readonly string[]): Promise<TagVersions> {
    await this.ready();
    const { redisKeys, connection } = this;
    const fields = ['epoch', 'floor', ...tags.map((tag) => redisKeys.tag(tag))];
    const [epoch, floor, ...versions] = await connection.client.hmget(redisKeys.tags, ...fields);
    this.time.sawFloor(Number(floor ?? 0));
    return {
      epoch: epoch == null ? undefined : Number(epoch),
      versions: versions.map((version) => Number(version ?? 0)),
    };
  }

  async invalidateTags(tags: readonly string[]): Promise<number> {
    if (tags.length === 0) return await this.tagClock();
    await this.ready();
    const { redisKeys, options, scripts } = this;
    const words = [redisKeys.bus, ...encodeTags(options.origin, tags), MAX_FIELDS];
    const fields = tags.map((tag) => redisKeys.tag(tag));
    const version = await scripts.run('invalidateTags', redisKeys.tags, ...words, ...fields);
    this.sent();
    return this.sawTagClock(version);
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
    // First, so that everything that follows is compared with a known clock.
    this.time.ready()?.catch(() => undefined);
    if (!this.toldVersion) void this.checkVersion();
    if (this.options.listens !== false) this.bus.start();
    this.options.listener.onChange();
  };

  private readonly disconnected = (): void => {
    this.time.forget();
    // The next connection may lead to another server, whose messages would not arrive. (On a client that
    // was ended none follows, and nothing may try to listen again.)
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
    if (reason === undefined || this.toldVersion) return;
    this.toldVersion = true;
    this.options.listener.onError(new StoreError('connect', reason));
  }

  private async publishProbe(channel: string, text: string): Promise<void> {
    // It must not wait in a queue.
    if (!this.isConnected) return;
    void this.time.refresh();
    if (this.history.probe()) this.options.listener.onChange();
    await this.connection.client.publish(channel, text);
  }

  private async notAfter(withinMs: number): Promise<number> {
    // The time runs from now, not from when there is a connection.
    const { clock } = this.options;
    const start = clock.monotonic();
    await this.ready();
    return this.time.notAfter(withinMs - (clock.monotonic() - start));
  }

  private sawTagClock(reply: unknown): number {
    const clock = Number(reply);
    this.time.sawTagClock(clock);
    return clock;
  }

  private message(message: Message): [channel: string, text: string] {
    return [this.redisKeys.bus, encode(this.options.origin, message)];
  }

  private sent(): void {
    this.messagesSent++;
  }
}
