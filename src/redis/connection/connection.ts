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
import { releaseDetector } from './failover-detector.js';
import { ReadOnlyBackOff } from './read-only-back-off.js';

/*
 * This folder keeps the connection over which commands are sent: what the commands need to know of its
 * state, failures in words (`failure`), and what ioredis leaves to its user (`command-watch`,
 * `failover-detector`, `read-only-back-off`, `database`).
 */

/** A connection of the caller's: used as it is, and never closed. */
export type RedisClient = Redis | Cluster;

/** Makes ioredis' clients; passed in, so that ioredis is loaded only when a connection is opened. */
export type ClientClass = new (options: RedisOptions) => Redis;

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1000;
/** A password that is wrong stays wrong for a while: no storm of attempts. */
const REFUSED_RETRY_MS = 10_000;
const CONNECT_TIMEOUT_MS = 1000;
/** How long a server may take to close what we want closed: one that hangs never does. */
const DISCONNECT_TIMEOUT_MS = 500;
/** Different failures of one outage that are told. */
const MAX_REPORTED = 20;

/**
 * One connection to Redis, ours or the caller's, with what the commands need to know of its state.
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
  /** Whether a client of the caller's uses the database that it was opened for; while that is read. */
  private placing: Promise<void> | undefined;
  /** Whether the first attempt to connect is over, well or badly. */
  private wasTried = false;
  /** The first attempt, while calls wait for it. */
  private attempt: Promise<void> | undefined;
  /** Whether this attempt to connect has been explained. */
  private wasExplained = false;
  private readonly reported = new Set<string>();
  /** Set for a client that the cache created, and whose options have no limits. */
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
    // Its sockets outlive the request in which it may be made.
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
      // Some servers and proxies turn a client away with nothing but good-bye.
      if (!this.wasExplained) this.failed(new Error('the server closes the connection at once.'));
    });
    // ioredis prints errors that have no listener, with credentials.
    this.listen('error', (error: Error) => {
      this.wasTried = true;
      this.failed(error);
    });
    if (this.isOurs || this.client.status !== 'ready') return;
    this.placing = this.place();
    this.placing.catch(() => undefined);
  }

  /**
   * Settles when a command can be sent: at once as a rule, and after the connection's first attempt
   * while the process starts.
   *
   * @throws StoreError when there is no connection. Commands must not pile up in a queue meanwhile.
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

  /** Does not give up a command before a cache that uses the connection does, `ms` after it was sent. */
  allow(ms: number): void {
    this.watch?.allow(ms);
  }

  /** Whether commands can be sent now, as far as is known. */
  get isReady(): boolean {
    return this.client.status === 'ready' && !this.isMisplaced;
  }

  /** Calls `listener` for an event of the client's, until {@link Connection.unlisten}. */
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
      // It lives on, and must not carry with it all who ever used it.
      for (const [event, listener] of this.listeners.splice(0)) {
        unlisten(this.client, event, listener);
      }
      return;
    }
    // Nothing that matters is under way, and QUIT would wait for a server that may be hung.
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

  /** A client that was ready before it came here has reported a refused database to others only. */
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
    // ioredis goes on with database 0.
    this.isMisplaced ||= commandOf(error) === 'select';
    const message = redacted(messageOf(error));
    // The same failure at every attempt is one failure.
    if (this.reported.has(message) || this.reported.size >= MAX_REPORTED) return;
    this.reported.add(message);
    this.onError(new StoreError('connect', `Redis: ${message}`));
  }
}

/** Events after which no call waits for the first attempt; no sentinel: `error` without `close`. */
const FAILURES = ['error', 'close', 'end'] as const;

/** A limit in milliseconds, unless it is not given: what is no positive number counts as that. */
function given(limit: unknown): number | undefined {
  return typeof limit === 'number' && limit > 0 && Number.isFinite(limit) ? limit : undefined;
}

function backOff(attempt: number): number {
  return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10));
}

function notConnected(): StoreError {
  return new StoreError('connect', 'Redis: not connected.');
}

function isClient(target: object): target is RedisClient {
  return isRedisClient(target);
}

/** The command that a reply refused, if it is known. */
function commandOf(error: Error): string | undefined {
  const { command } = error as Error & { command?: { name?: string } };
  return command?.name?.toLowerCase();
}

function fromUrl(url: string): RedisOptions {
  const read = readRedisUrl(url);
  if (typeof read === 'string') throw new ConfigurationError(`RedisStore: ${read}`);
  return read;
}
