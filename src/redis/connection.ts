import { Redis, type Cluster, type RedisOptions } from 'ioredis';

import { describe } from '../base/duration.js';
import { ConfigurationError, StoreError } from '../base/errors.js';
import { redacted } from './redact.js';

/** A connection of the caller's: used as it is, and never closed. */
export type RedisClient = Redis | Cluster;

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;
/** A password that is wrong stays wrong for a while: no storm of attempts. */
const REFUSED_RETRY_MS = 10_000;
const COMMAND_TIMEOUT_MS = 1000;

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
  private wasReady = false;
  private lastReported = '';

  /**
   * @throws ConfigurationError for anything but a URL, ioredis options or an ioredis client.
   */
  constructor(
    target: string | RedisOptions | RedisClient,
    private readonly onError: (error: Error) => void,
  ) {
    this.isOurs = !isClient(target);
    this.client = isClient(target) ? target : this.open(target);
    this.isCluster = 'isCluster' in this.client && this.client.isCluster;
    if (this.client.options.keyPrefix) {
      throw new ConfigurationError(
        'RedisStore: a client with keyPrefix cannot be used: it would not apply to patterns. Give ' +
          'the cache a namespace instead.',
      );
    }
    this.client.on('ready', () => {
      this.wasReady = true;
      this.refused = false;
      this.lastReported = '';
    });
    // ioredis prints errors that nobody listens for, credentials included.
    this.client.on('error', (error: Error) => {
      this.failed(error);
    });
  }

  /**
   * Settles when a command can be sent: at once as a rule, and after the connection's first attempt
   * while the process starts.
   *
   * @throws StoreError when there is no connection. Commands must not pile up in a queue meanwhile.
   */
  ready(): Promise<void> | undefined {
    const { status } = this.client;
    if (status === 'ready') return undefined;
    if (!this.wasReady && (status === 'wait' || status === 'connecting' || status === 'connect')) {
      return this.firstAttempt();
    }
    return Promise.reject(notConnected());
  }

  async close(): Promise<void> {
    if (!this.isOurs) return;
    // Nothing that matters is under way, and QUIT would wait for a server that may be hung.
    this.client.disconnect();
    await Promise.resolve();
  }

  private open(target: string | RedisOptions): Redis {
    const options = {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: COMMAND_TIMEOUT_MS,
      retryStrategy: (attempt: number) =>
        this.refused
          ? REFUSED_RETRY_MS
          : Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10)),
      // A replica that was a primary until a moment ago: look for the new one.
      reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    } satisfies RedisOptions;
    if (typeof target !== 'string')
      return new Redis({ ...options, ...target, replyMapping: 'legacy' });
    checkUrl(target);
    return new Redis(target, options);
  }

  private firstAttempt(): Promise<void> {
    const { client } = this;
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => () => {
        client.off('ready', succeed);
        client.off('close', fail);
        how();
      };
      const succeed = settle(resolve);
      const fail = settle(() => {
        reject(notConnected());
      });
      client.once('ready', succeed);
      client.once('close', fail);
      if (client.status === 'wait') client.connect().catch(fail);
    });
  }

  private failed(error: Error): void {
    this.refused = /^(?:WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH)/.test(error.message);
    const message = redacted(error.message);
    // The same failure at every attempt is one failure.
    if (message === this.lastReported) return;
    this.lastReported = message;
    this.onError(new StoreError('connect', `Redis: ${message}`));
  }
}

function notConnected(): StoreError {
  return new StoreError('connect', 'Redis: not connected.');
}

function isClient(target: unknown): target is RedisClient {
  return (
    typeof target === 'object' &&
    target !== null &&
    'status' in target &&
    typeof (target as { call?: unknown }).call === 'function'
  );
}

function checkUrl(url: string): void {
  let protocol: string;
  try {
    ({ protocol } = new URL(url));
  } catch {
    throw new ConfigurationError(
      `RedisStore: the URL cannot be read; got ${describe(redacted(url))}. Write ` +
        "'redis://host:6379/0', or 'rediss://…' for TLS.",
    );
  }
  if (protocol === 'redis:' || protocol === 'rediss:') return;
  throw new ConfigurationError(
    `RedisStore: the URL must begin with redis:// or rediss://; got '${protocol}//…'.`,
  );
}
