/** A function that ioredis calls; its arguments are described in the documentation of ioredis. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in ioredis' own types
type RedisCallback = (...words: any[]) => any;

/**
 * Options of ioredis, described without its types, so that a program without Redis compiles without
 * `ioredis`. Times are in milliseconds; see the documentation of ioredis for those that are not
 * explained here.
 */
export interface RedisSettings {
  /**
   * Name or address.
   *
   * @default 'localhost'
   */
  host?: string | undefined;
  /** @default 6379 */
  port?: number | undefined;
  /** Path of a Unix socket, instead of `host` and `port`. */
  path?: string | undefined;
  /** 4 or 6: the version of IP; 0 for either. */
  family?: number | undefined;
  /** ACL user. */
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
  /** Sentinels that know the primary. */
  sentinels?: { host?: string | undefined; port?: number | undefined }[] | undefined;
  /** Name of the primary among the sentinels'. */
  name?: string | undefined;
  role?: 'master' | 'slave' | undefined;
  sentinelUsername?: string | undefined;
  sentinelPassword?: string | undefined;
  sentinelTLS?: object | undefined;
  enableTLSForSentinelMode?: boolean | undefined;
  sentinelCommandTimeout?: number | undefined;
  sentinelMaxConnections?: number | undefined;
  sentinelRetryStrategy?: RedisCallback | null | undefined;
  sentinelReconnectStrategy?: RedisCallback | null | undefined;
  updateSentinels?: boolean | undefined;
  /**
   * Connects again as soon as a sentinel reports a failover.
   *
   * @default true with `sentinels`
   */
  failoverDetector?: boolean | undefined;
  preferredSlaves?: unknown;
  natMap?: unknown;
  /** @default 1000 */
  connectTimeout?: number | undefined;
  disconnectTimeout?: number | undefined;
  /**
   * How long a command may take.
   *
   * @default 1000
   */
  commandTimeout?: number | undefined;
  /**
   * How long the connection may be silent while a reply is due.
   *
   * @default 2000
   */
  socketTimeout?: number | undefined;
  blockingTimeout?: number | undefined;
  blockingTimeoutGrace?: number | undefined;
  keepAlive?: number | undefined;
  noDelay?: boolean | undefined;
  connectionName?: string | undefined;
  disableClientInfo?: boolean | undefined;
  clientInfoTag?: string | undefined;
  retryStrategy?: RedisCallback | null | undefined;
  reconnectOnError?: RedisCallback | null | undefined;
  maxRetriesPerRequest?: number | null | undefined;
  maxLoadingRetryTime?: number | undefined;
  enableOfflineQueue?: boolean | undefined;
  enableReadyCheck?: boolean | undefined;
  enableAutoPipelining?: boolean | undefined;
  autoPipeliningIgnoredCommands?: string[] | undefined;
  autoResubscribe?: boolean | undefined;
  autoResendUnfulfilledCommands?: boolean | undefined;
  lazyConnect?: boolean | undefined;
  readOnly?: boolean | undefined;
  monitor?: boolean | undefined;
  stringNumbers?: boolean | undefined;
  showFriendlyErrorStack?: boolean | undefined;
  protocol?: number | undefined;
  replyMapping?: string | undefined;
  scripts?: object | undefined;
}

/**
 * A client of ioredis 5 or 6, `Redis` or `Cluster`, by what it can do. A client of node-redis is
 * none: it can be used by `@keyv/redis`, as `store`.
 */
export interface RedisLike {
  /** Such as `ready` or `reconnecting`. */
  readonly status: string;
  readonly options: object;
  /** Sends a command. */
  call(command: string, ...words: (string | number)[]): Promise<unknown>;
  /** Adds a script as a command. */
  defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void;
  /** Calls `listener` for every event of a name. */
  on(event: string, listener: RedisCallback): unknown;
  /** Ends what `on` began. */
  off(event: string, listener: RedisCallback): unknown;
}

/** Options for a client of ioredis, which the cache opens and closes; or the caller's own client. */
export type RedisTarget = RedisSettings | RedisLike;
