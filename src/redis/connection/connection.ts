import type { Cluster, Redis, RedisOptions } from 'ioredis';

import { StoreError } from '../../base/errors/errors.js';
import { redacted } from '../../base/errors/redact.js';
import { checkValue } from '../../base/options/options.js';
import { isRedisClient, isRedisTarget } from '../../base/options/redis-options.js';
import { readRedisUrl } from '../../base/options/redis-url.js';
import { inSharedContext } from '../../base/async/shared-context.js';
import { listen, unlisten, type Listener } from './client-events.js';
import { CommandWatch, WATCH_LIMITS } from './command-watch.js';
import { databaseOf } from './database.js';
import { messageOf } from './failure.js';
import { backOff, CONNECT_TIMEOUT_MS, DISCONNECT_TIMEOUT_MS } from './delays.js';
import { releaseDetector } from './failover-detector.js';
import { ReadOnlyBackOff } from './read-only-back-off.js';

/*
 * This folder manages the connection over which commands are sent: its state, the texts of failures
 * (`failure`), and additions to ioredis (`command-watch`, `failover-detector`, `read-only-back-off`,
 * `database`).
 */

/** An ioredis client. One that the caller passes in is used as it is, and never closed. */
export type RedisClient = Redis | Cluster;

/** A URL, options of an ioredis client to be created, or a client of the caller. */
export type ConnectionTarget = string | RedisOptions | RedisClient;

/** ioredis's class of clients; passed in, so that ioredis is loaded only when a connection is opened. */
export type ClientClass = new (options: RedisOptions) => Redis;

/** After a refused password, which the server is unlikely to accept soon, the client reconnects rarely. */
const REFUSED_RETRY_MS = 10_000;
/** Maximum number of different failures that are reported during one outage. */
const MAX_REPORTED = 20;

/**
 * One connection to Redis, with its own client or the caller's, and its state.
 *
 * @internal
 */
export class Connection {
  readonly client: RedisClient;
  readonly isCluster: boolean;
  /** Whether the cache created the client, so that {@link Connection.close} ends it. */
  private readonly ownsClient: boolean;
  private wasPasswordRefused = false;
  /** Whether the server refused the database, so that commands would go to another one. */
  private isWrongDatabase = false;
  /** Settles once the database of the caller's client has been checked. */
  private databaseCheck: Promise<void> | undefined;
  /** Whether the first attempt to connect has ended, successfully or not. */
  private wasAttempted = false;
  /** The first attempt to connect, while calls wait for it. */
  private attempt: Promise<void> | undefined;
  /** Whether the failure of this attempt to connect was reported with a reason. */
  private wasReasonReported = false;
  private readonly reported = new Set<string>();
  /** Set for a client that the cache created, unless its options set limits. */
  private watch: CommandWatch | undefined;
  /** Listeners on the client. */
  private readonly listeners: [event: string, listener: Listener][] = [];

  /**
   * @throws ConfigurationError for anything but a URL, ioredis options or an ioredis client.
   */
  constructor(
    target: ConnectionTarget,
    private readonly onError: (error: Error) => void,
    private readonly Client: ClientClass | undefined,
  ) {
    const options = typeof target === 'string' ? readRedisUrl(target, 'RedisStore') : target;
    checkValue('RedisStore: target', options, isRedisTarget);
    this.ownsClient = !isClient(options);
    // The client's sockets outlive the request in which the cache may be created.
    this.client = isClient(options) ? options : inSharedContext(() => this.open(options));
    this.isCluster = 'isCluster' in this.client && this.client.isCluster;
    this.listen('ready', () => {
      this.wasAttempted = true;
      this.wasReasonReported = true;
      this.wasPasswordRefused = false;
      this.reported.clear();
    });
    this.listen('connecting', () => {
      this.wasReasonReported = false;
      this.isWrongDatabase = false;
    });
    this.listen('close', () => {
      this.wasAttempted = true;
    });
    this.listen('reconnecting', () => {
      // Some servers and proxies close the connection without an error.
      if (!this.wasReasonReported)
        this.failed(new Error('the server closes the connection at once.'));
    });
    // Without a listener, ioredis prints errors, including credentials.
    this.listen('error', (error: Error) => {
      this.wasAttempted = true;
      this.failed(error);
    });
    if (this.ownsClient || this.client.status !== 'ready') return;
    this.databaseCheck = this.checkDatabase();
    this.databaseCheck.catch(() => undefined);
  }

  /**
   * Settles when a command can be sent: usually at once, and at start-up after the first attempt to connect.
   *
   * @throws StoreError if there is no connection, rather than queueing the command.
   */
  ready(): Promise<void> | undefined {
    const { status } = this.client;
    if (this.isWrongDatabase) return Promise.reject(notConnected());
    if (this.databaseCheck !== undefined) return this.databaseCheck;
    if (status === 'ready') return undefined;
    const isFirst = !this.wasAttempted && (status === 'connecting' || status === 'connect');
    if (isFirst || status === 'wait') return (this.attempt ??= this.firstAttempt());
    return Promise.reject(notConnected());
  }

  /** Lets commands take at least `ms` milliseconds, the time for which a cache waits for one. */
  extendTimeout(ms: number): void {
    this.watch?.extendTimeout(ms);
  }

  /** Whether commands can be sent now, as far as is known. */
  get isReady(): boolean {
    return this.client.status === 'ready' && !this.isWrongDatabase;
  }

  /** Calls `listener` for an event of the client, until {@link Connection.unlisten}. */
  listen(event: string, listener: Listener): void {
    listen(this.client, event, listener);
    this.listeners.push([event, listener]);
  }

  unlisten(event: string, listener: Listener): void {
    unlisten(this.client, event, listener);
    const at = this.listeners.findIndex((one) => one[0] === event && one[1] === listener);
    if (at >= 0) this.listeners.splice(at, 1);
  }

  async close(): Promise<void> {
    if (!this.ownsClient) {
      // The client outlives this connection, and must not retain its listeners.
      for (const [event, listener] of this.listeners.splice(0)) {
        unlisten(this.client, event, listener);
      }
      return;
    }
    // No reply is needed any more, and `QUIT` would wait for one from a server that may hang.
    this.client.disconnect();
    await Promise.resolve();
  }

  private open(target: RedisOptions): Redis {
    const readOnly = new ReadOnlyBackOff();
    const options = {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
      retryStrategy: (attempt: number) => {
        if (readOnly.takeDue()) return 0;
        return this.wasPasswordRefused ? REFUSED_RETRY_MS : backOff(attempt);
      },
      sentinelRetryStrategy: backOff,
      // Without it, a planned failover leaves the client on the demoted primary for seconds.
      failoverDetector: target.sentinels != null,
      reconnectOnError: (error: Error) => readOnly.shouldReconnect(error),
    } satisfies RedisOptions;
    // `CommandWatch` replaces ioredis's timers, of which there is one for each command.
    const { commandTimeout, socketTimeout, ...others } = target;
    if (this.Client === undefined) throw new StoreError('connect', 'Redis: ioredis is not loaded.');
    const client = new this.Client({ ...options, ...others, replyMapping: 'legacy' });
    if (target.sentinels != null) releaseDetector(client);
    const commandMs = positiveLimit(commandTimeout);
    const silenceMs = positiveLimit(socketTimeout);
    const watch = new CommandWatch(client, {
      commandMs: commandMs ?? WATCH_LIMITS.commandMs,
      silenceMs: silenceMs ?? WATCH_LIMITS.silenceMs,
    });
    if (commandMs === undefined && silenceMs === undefined) this.watch = watch;
    return client;
  }

  /** Checks a client that was ready before: it reported a refused database to earlier listeners only. */
  private async checkDatabase(): Promise<void> {
    const { used, configured } = (await databaseOf(this.client)) ?? {};
    this.databaseCheck = undefined;
    if (used === configured) return;
    this.isWrongDatabase = true;
    this.failed(
      new Error(`the client uses database ${String(used)} instead of ${String(configured)}.`),
    );
    throw notConnected();
  }

  private firstAttempt(): Promise<void> {
    const { client } = this;
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => () => {
        this.attempt = undefined;
        this.unlisten('ready', succeed);
        for (const event of FAILURES) this.unlisten(event, fail);
        how();
      };
      const succeed = settle(resolve);
      const fail = settle(() => {
        reject(notConnected());
      });
      this.listen('ready', succeed);
      for (const event of FAILURES) this.listen(event, fail);
      if (client.status === 'wait') inSharedContext(() => client.connect()).catch(fail);
    });
  }

  private failed(error: Error): void {
    this.wasReasonReported = true;
    this.wasPasswordRefused = /^(?:WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH)/.test(
      error.message,
    );
    // After a refused `SELECT`, ioredis continues with database 0.
    this.isWrongDatabase ||= commandOf(error) === 'select';
    const message = redacted(messageOf(error));
    // Report a failure that recurs at every attempt only once.
    if (this.reported.has(message) || this.reported.size >= MAX_REPORTED) return;
    this.reported.add(message);
    this.onError(new StoreError('connect', `Redis: ${message}`));
  }
}

/** Events that end the first attempt. If no sentinel replies, ioredis emits `error` without `close`. */
const FAILURES = ['error', 'close', 'end'] as const;

/** A limit in milliseconds; `undefined` if it is not a positive number. */
function positiveLimit(limit: unknown): number | undefined {
  return typeof limit === 'number' && limit > 0 && Number.isFinite(limit) ? limit : undefined;
}

function notConnected(): StoreError {
  return new StoreError('connect', 'Redis: not connected.');
}

function isClient(target: object): target is RedisClient {
  return isRedisClient(target);
}

/** The command that the server refused, if it is known. */
function commandOf(error: Error): string | undefined {
  const { command } = error as Error & { command?: { name?: string } };
  return command?.name?.toLowerCase();
}
