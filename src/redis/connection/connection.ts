import type { Cluster, Redis, RedisOptions } from 'ioredis';

import { ConfigurationError, StoreError } from '../../base/errors.js';
import { redacted } from '../../base/redact.js';
import { isRedisClient, redisTargetProblem } from '../../base/redis-options.js';
import { readRedisUrl } from '../../base/redis-url.js';
import { inSharedContext } from '../../base/shared-context.js';
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

/** A client of ioredis. One that the caller passes in is used as it is, and never closed. */
export type RedisClient = Redis | Cluster;

/** ioredis's class of clients; passed in, so that ioredis is loaded only when a connection is opened. */
export type ClientClass = new (options: RedisOptions) => Redis;

/** A refused password is unlikely to be accepted soon: reconnect rarely. */
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
  /** Whether {@link Connection.close} ends the client. */
  private readonly isOurs: boolean;
  private refused = false;
  /** Whether the server refused the database: commands would go to another one. */
  private isMisplaced = false;
  /** Settles once it is known whether the caller's client uses the expected database. */
  private placing: Promise<void> | undefined;
  /** Whether the first attempt to connect has ended, successfully or not. */
  private wasTried = false;
  /** The first attempt, while calls wait for it. */
  private attempt: Promise<void> | undefined;
  /** Whether a reason was reported for this attempt to connect. */
  private wasExplained = false;
  private readonly reported = new Set<string>();
  /** Set for a client that the cache created, if its options contain no limits. */
  private watch: CommandWatch | undefined;
  /** Listeners on the client. */
  private readonly listeners: [event: string, listener: Listener][] = [];

  /**
   * @throws ConfigurationError for anything but a URL, ioredis options or an ioredis client.
   */
  constructor(
    target: string | RedisOptions | RedisClient,
    private readonly onError: (error: Error) => void,
    private readonly Client: ClientClass | undefined,
  ) {
    const options = typeof target === 'string' ? fromUrl(target) : target;
    const problem = redisTargetProblem(options, 'RedisStore: the target');
    if (problem !== undefined) throw new ConfigurationError(problem);
    this.isOurs = !isClient(options);
    // Its sockets outlive the request in which it may be created.
    this.client = isClient(options) ? options : inSharedContext(() => this.open(options));
    this.isCluster = 'isCluster' in this.client && this.client.isCluster;
    this.listen('ready', () => {
      this.wasTried = true;
      this.wasExplained = true;
      this.refused = false;
      this.reported.clear();
    });
    this.listen('connecting', () => {
      this.wasExplained = false;
      this.isMisplaced = false;
    });
    this.listen('close', () => {
      this.wasTried = true;
    });
    this.listen('reconnecting', () => {
      // Some servers and proxies close the connection without an error.
      if (!this.wasExplained) this.failed(new Error('the server closes the connection at once.'));
    });
    // Without a listener, ioredis prints errors, including credentials.
    this.listen('error', (error: Error) => {
      this.wasTried = true;
      this.failed(error);
    });
    if (this.isOurs || this.client.status !== 'ready') return;
    this.placing = this.place();
    this.placing.catch(() => undefined);
  }

  /**
   * Settles when a command can be sent: normally at once; while the process starts, after the first
   * attempt to connect.
   *
   * @throws StoreError if there is no connection: commands must not pile up in a queue.
   */
  ready(): Promise<void> | undefined {
    const { status } = this.client;
    if (this.isMisplaced) return Promise.reject(notConnected());
    if (this.placing !== undefined) return this.placing;
    if (status === 'ready') return undefined;
    const isFirst = !this.wasTried && (status === 'connecting' || status === 'connect');
    if (isFirst || status === 'wait') return (this.attempt ??= this.firstAttempt());
    return Promise.reject(notConnected());
  }

  /** Gives commands at least `ms`: as long as a cache that uses the connection waits for them. */
  allow(ms: number): void {
    this.watch?.allow(ms);
  }

  /** Whether, as far as is known, commands can be sent now. */
  get isReady(): boolean {
    return this.client.status === 'ready' && !this.isMisplaced;
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
    if (!this.isOurs) {
      // The client outlives this connection, and must not retain its listeners.
      for (const [event, listener] of this.listeners.splice(0)) {
        unlisten(this.client, event, listener);
      }
      return;
    }
    // No command is needed any more, and QUIT would wait for a server that may hang.
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
        return this.refused ? REFUSED_RETRY_MS : backOff(attempt);
      },
      sentinelRetryStrategy: backOff,
      // Without it, a planned failover leaves the client on the demoted primary for seconds.
      failoverDetector: target.sentinels != null,
      reconnectOnError: (error: Error) => readOnly.reconnectsAfter(error),
    } satisfies RedisOptions;
    // In place of ioredis's timers, one for each command.
    const { commandTimeout, socketTimeout, ...others } = target;
    if (this.Client === undefined) throw new StoreError('connect', 'Redis: ioredis is not loaded.');
    const client = new this.Client({ ...options, ...others, replyMapping: 'legacy' });
    if (target.sentinels != null) releaseDetector(client);
    const commandMs = given(commandTimeout);
    const silenceMs = given(socketTimeout);
    const watch = new CommandWatch(client, {
      commandMs: commandMs ?? WATCH_LIMITS.commandMs,
      silenceMs: silenceMs ?? WATCH_LIMITS.silenceMs,
    });
    if (commandMs === undefined && silenceMs === undefined) this.watch = watch;
    return client;
  }

  /** A client that was ready before has reported a refused database only to earlier listeners. */
  private async place(): Promise<void> {
    const { used, wanted } = (await databaseOf(this.client)) ?? {};
    this.placing = undefined;
    if (used === wanted) return;
    this.isMisplaced = true;
    this.failed(
      new Error(`the client uses database ${String(used)} instead of ${String(wanted)}.`),
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
    this.wasExplained = true;
    this.refused = /^(?:WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH)/.test(error.message);
    // ioredis continues with database 0.
    this.isMisplaced ||= commandOf(error) === 'select';
    const message = redacted(messageOf(error));
    // A failure that recurs at every attempt is reported once.
    if (this.reported.has(message) || this.reported.size >= MAX_REPORTED) return;
    this.reported.add(message);
    this.onError(new StoreError('connect', `Redis: ${message}`));
  }
}

/** Events that end the first attempt. If no sentinel replies, there is an `error` without `close`. */
const FAILURES = ['error', 'close', 'end'] as const;

/** A limit in milliseconds; `undefined` if it is not a positive number. */
function given(limit: unknown): number | undefined {
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

function fromUrl(url: string): RedisOptions {
  const read = readRedisUrl(url);
  if (typeof read === 'string') throw new ConfigurationError(`RedisStore: ${read}`);
  return read;
}
