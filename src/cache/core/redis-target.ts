/** A function that ioredis calls; the documentation of ioredis describes its arguments. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in ioredis' own types
type RedisCallback = (...words: any[]) => any;

/**
 * Options of ioredis, declared without its types, so that a program without Redis compiles without
 * `ioredis`. Times are in milliseconds. Options without a description here are those of ioredis, with its
 * defaults; the documentation of ioredis describes them.
 */
export interface RedisSettings {
  /**
   * Host name or address.
   *
   * @default 'localhost'
   */
  host?: string | undefined;
  /**
   * Port of the server.
   *
   * @default 6379
   */
  port?: number | undefined;
  /** Path of a Unix socket, instead of `host` and `port`. */
  path?: string | undefined;
  /** IP version, 4 or 6; 0 for either. */
  family?: number | undefined;
  /** Name of the ACL user. */
  username?: string | undefined;
  password?: string | undefined;
  /**
   * Number of the database.
   *
   * @default 0
   */
  db?: number | undefined;
  /** Options of Node's `tls.connect`. */
  tls?: object | undefined;
  /** Addresses of the sentinels that monitor the primary. */
  sentinels?: { host?: string | undefined; port?: number | undefined }[] | undefined;
  /** Name of the group that the sentinels monitor. Required with `sentinels`. */
  name?: string | undefined;
  role?: 'master' | 'slave' | undefined;
  sentinelUsername?: string | undefined;
  sentinelPassword?: string | undefined;
  sentinelTLS?: object | undefined;
  enableTLSForSentinelMode?: boolean | undefined;
  /**
   * Maximum time that a command to a sentinel may take.
   *
   * @default 1000
   */
  sentinelCommandTimeout?: number | undefined;
  sentinelMaxConnections?: number | undefined;
  /**
   * Returns the delay before the sentinels are tried again.
   *
   * @default a delay that doubles from 100 to 1000
   */
  sentinelRetryStrategy?: RedisCallback | null | undefined;
  sentinelReconnectStrategy?: RedisCallback | null | undefined;
  updateSentinels?: boolean | undefined;
  /**
   * Reconnects as soon as a sentinel reports a failover.
   *
   * @default true with `sentinels`
   */
  failoverDetector?: boolean | undefined;
  preferredSlaves?: unknown;
  natMap?: unknown;
  /**
   * Maximum time to connect.
   *
   * @default 1000
   */
  connectTimeout?: number | undefined;
  /**
   * Maximum time that the server may take to close the connection.
   *
   * @default 500
   */
  disconnectTimeout?: number | undefined;
  /**
   * Maximum time that a command may take.
   *
   * @default 1000, or `storeTimeout` if that is longer
   */
  commandTimeout?: number | undefined;
  /**
   * Maximum time without data while a reply is due. After that, the client reconnects.
   *
   * @default 2000, or `storeTimeout` if that is longer
   */
  socketTimeout?: number | undefined;
  blockingTimeout?: number | undefined;
  blockingTimeoutGrace?: number | undefined;
  keepAlive?: number | undefined;
  noDelay?: boolean | undefined;
  connectionName?: string | undefined;
  disableClientInfo?: boolean | undefined;
  clientInfoTag?: string | undefined;
  /**
   * Returns the delay before the next attempt to connect.
   *
   * @default a delay that doubles from 100 to 1000; 10000 after a refused password
   */
  retryStrategy?: RedisCallback | null | undefined;
  /**
   * Decides whether to reconnect after an error reply.
   *
   * @default reconnects after a `READONLY` reply: at once, and then at growing intervals
   */
  reconnectOnError?: RedisCallback | null | undefined;
  /**
   * How many times a command is sent again after a reconnect.
   *
   * @default 0
   */
  maxRetriesPerRequest?: number | null | undefined;
  maxLoadingRetryTime?: number | undefined;
  /**
   * Queues commands while there is no connection, instead of rejecting them.
   *
   * @default false
   */
  enableOfflineQueue?: boolean | undefined;
  enableReadyCheck?: boolean | undefined;
  enableAutoPipelining?: boolean | undefined;
  autoPipeliningIgnoredCommands?: string[] | undefined;
  autoResubscribe?: boolean | undefined;
  /**
   * Sends commands without a reply again after a reconnect.
   *
   * @default false
   */
  autoResendUnfulfilledCommands?: boolean | undefined;
  lazyConnect?: boolean | undefined;
  readOnly?: boolean | undefined;
  monitor?: boolean | undefined;
  stringNumbers?: boolean | undefined;
  showFriendlyErrorStack?: boolean | undefined;
  protocol?: number | undefined;
  scripts?: object | undefined;
}

/**
 * The methods that the cache needs from an ioredis client, `Redis` or `Cluster`, of version 5 or 6. A client
 * of node-redis does not have them; use it through `@keyv/redis`, as `store`.
 */
export interface RedisLike {
  /** State of the connection, such as `ready` or `reconnecting`. */
  readonly status: string;
  /** The options of the client. */
  readonly options: object;
  /** Sends a command. */
  call(command: string, ...words: (string | number)[]): Promise<unknown>;
  /** Defines a command that runs a Lua script. */
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void;
  /** Adds a listener. */
  on(event: string, listener: RedisCallback): unknown;
  /** Removes a listener. */
  off(event: string, listener: RedisCallback): unknown;
}

/** Options of an ioredis client that the cache opens and closes, or a client of the caller. */
export type RedisTarget = RedisSettings | RedisLike;
