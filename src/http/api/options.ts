import { systemClock, type Clock } from '../../base/time/clock.js';
import { HTTP_DEFAULTS } from '../../base/options/defaults.js';
import { toMilliseconds, type Duration } from '../../base/time/duration.js';
import { ConfigurationError } from '../../base/errors/errors.js';
import {
  checkOptions,
  checkValue,
  isBoolean,
  isClock,
  isDuration,
  isFunction,
  isIntegerIn,
  isSecret,
  type Check,
} from '../../base/options/options.js';
import { isManager } from '../../cache/default-cache.js';
import type { CacheManager } from '../../cache/manager.js';
import type { RequestCounters } from '../../stats/request-counters.js';
import type { RequestStats } from '../stats/request-stats.js';
import { bearerToken, type Authorize } from './bearer-token.js';
import { page } from './responses.js';

/**
 * Logs slow requests, refused requests, clears and failures. `console`, pino, winston and other
 * loggers fit.
 */
export interface PerformanceLogger {
  /**
   * Slow requests; refused requests and clears, with the client's address, at most 10 of each per
   * minute.
   */
  warn(message: string): void;
  /**
   * Failures of routes.
   *
   * @default `warn`
   */
  error?(message: string): void;
}

/** The part of the API that a {@link PerformanceHandler} receives. */
export interface PerformanceSource {
  /** The cache whose statistics are served. */
  readonly cache: CacheManager;
  /** Statistics of the timed requests. */
  readonly requests: RequestStats;
  /** @internal */
  readonly recorder: RequestCounters;
}

/**
 * Handles a route that the API mounts: a page, or the metrics. The API checks method, host, origin and
 * authorization first, handles failures, and adds `no-store` and `nosniff`.
 */
export type PerformanceHandler = (
  request: Request,
  source: PerformanceSource,
) => Response | Promise<Response>;

/** Options of {@link createPerformanceApi}. */
export interface PerformanceApiOptions {
  /**
   * The cache whose statistics are served.
   *
   * @default the default cache of the process, looked up at each request
   */
  cache?: CacheManager | undefined;
  /**
   * Prefix of all routes.
   *
   * @default '/api/performance'
   */
  basePath?: string | undefined;
  /**
   * Path of the metrics, if `prometheus` is set.
   *
   * @default '/metrics'
   */
  prometheusPath?: string | undefined;
  /**
   * Requests that take longer count as slow.
   *
   * @default 1 (second)
   */
  slowRequestThreshold?: Duration | undefined;
  /**
   * Number of slow requests to keep.
   *
   * @default 100
   */
  slowRequestLogSize?: number | undefined;
  /**
   * Authorizes changes.
   *
   * @default none: all changes are refused
   */
  authorize?: Authorize | undefined;
  /**
   * Authorizes reads: a function, or the token that `Authorization: Bearer` must carry. A request that
   * `authorize` allows may read as well; `/health` shows only the status to others.
   *
   * @default every request may read, or with `protectReads` those that `authorize` allows
   */
  authorizeRead?: Authorize | string | undefined;
  /**
   * Whether reads need `authorize` or `authorizeRead`.
   *
   * @default true if `authorizeRead` is set
   */
  protectReads?: boolean | undefined;
  /**
   * Hosts under which the API is reached, such as `admin.example.org` or `localhost:5001`; without a
   * port, any port matches. Requests for other hosts are refused, except for the status at `/health`.
   *
   * @default any host
   */
  allowedHosts?: readonly string[] | undefined;
  /**
   * Origins of other hosts whose pages may call the API, such as `https://admin.example.org`.
   *
   * @default none
   */
  allowedOrigins?: readonly string[] | undefined;
  /**
   * Logs slow requests, refused requests, clears and failures.
   *
   * @default none
   */
  logger?: PerformanceLogger | undefined;
  /**
   * How often the instance publishes its statistics for `?scope=fleet`; Redis only.
   *
   * @default '5s'
   */
  fleetInterval?: Duration | undefined;
  /**
   * Handles `GET` on `basePath` itself; `false` for 404.
   *
   * @default the dashboard page
   */
  page?: PerformanceHandler | false | undefined;
  /**
   * Handles `GET` on `prometheusPath`: `prometheusMetrics()` of `aurora-cache/prometheus`.
   *
   * @default none: no metrics are served
   */
  prometheus?: PerformanceHandler | undefined;
  /**
   * Source of time.
   *
   * @default the system clock
   */
  clock?: Clock | undefined;
}

/** @internal */
export interface ResolvedApiOptions {
  readonly cache: CacheManager | undefined;
  readonly basePath: string;
  readonly prometheusPath: string;
  readonly slowThresholdMs: number;
  readonly slowLogSize: number;
  readonly authorize: Authorize | undefined;
  /** `undefined` if every request may read. */
  readonly authorizeRead: Authorize | undefined;
  readonly allowedHosts: ReadonlySet<string> | undefined;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly logger: PerformanceLogger | undefined;
  readonly fleetIntervalMs: number;
  readonly page: PerformanceHandler | undefined;
  readonly prometheus: PerformanceHandler | undefined;
  readonly clock: Clock;
}

const OWNER = 'createPerformanceApi';

const isCache: Check = (value) => (isManager(value) ? undefined : 'a CacheManager');

const isPath: Check = (value) =>
  typeof value === 'string' && /^(?:\/[\w.~-]+)+$/.test(value) && !/\/\.{1,2}(?:\/|$)/.test(value)
    ? undefined
    : "a path such as '/api/performance', without a trailing slash";

const isLogger: Check = (value) =>
  typeof (value as Partial<PerformanceLogger> | null)?.warn === 'function'
    ? undefined
    : 'an object with a method warn, such as console';

const isOrigins: Check = (value) =>
  Array.isArray(value) && value.every(isOrigin)
    ? undefined
    : "an array of origins such as 'https://admin.example.org'";

const isHosts: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isHost)
    ? undefined
    : "a non-empty array of hosts such as 'admin.example.org' or 'localhost:5001'";

function isHost(value: unknown): boolean {
  return typeof value === 'string' && /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(value);
}

const isReader = isSecret((value) =>
  typeof value === 'function' || (typeof value === 'string' && value !== '')
    ? undefined
    : 'a function or a non-empty token',
);

function isOrigin(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    /^https?:/.test(value) &&
    URL.canParse(value) &&
    new URL(value).origin === value
  );
}

/**
 * Checks the API's options and fills in the defaults.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 * @internal
 */
export function resolveApiOptions(options: PerformanceApiOptions): ResolvedApiOptions {
  // The cache itself would pass for options without any name.
  checkValue(`${OWNER}: options`, options, (given) => (isManager(given) ? '{ cache }' : undefined));
  checkOptions(OWNER, options, {
    cache: isCache,
    basePath: isPath,
    prometheusPath: isPath,
    slowRequestThreshold: isDuration,
    slowRequestLogSize: isIntegerIn(1, 10_000),
    authorize: isSecret(isFunction),
    authorizeRead: isReader,
    protectReads: isBoolean,
    allowedHosts: isHosts,
    allowedOrigins: isOrigins,
    logger: isLogger,
    fleetInterval: isDuration,
    page: (value, options) => (value === false ? undefined : isFunction(value, options)),
    prometheus: isFunction,
    clock: isClock,
  });
  const basePath = options.basePath ?? HTTP_DEFAULTS.basePath;
  const prometheusPath = options.prometheusPath ?? HTTP_DEFAULTS.prometheusPath;
  if (`${prometheusPath}/`.startsWith(`${basePath}/`)) {
    throw new ConfigurationError(
      `${OWNER}: prometheusPath (${prometheusPath}) must not be below basePath (${basePath}).`,
    );
  }
  const { authorize, authorizeRead, protectReads = authorizeRead !== undefined } = options;
  if (protectReads && authorize === undefined && authorizeRead === undefined) {
    throw new ConfigurationError(
      `${OWNER}: protectReads needs authorize or authorizeRead; otherwise no request could read.`,
    );
  }
  if (!protectReads && authorizeRead !== undefined) {
    throw new ConfigurationError(`${OWNER}: authorizeRead has no effect with protectReads: false.`);
  }
  const ms = (value: Duration, name: string): number => toMilliseconds(value, `${OWNER}: ${name}`);
  return {
    cache: options.cache,
    basePath,
    prometheusPath,
    slowThresholdMs: ms(
      options.slowRequestThreshold ?? HTTP_DEFAULTS.slowRequestThreshold,
      'slowRequestThreshold',
    ),
    slowLogSize: options.slowRequestLogSize ?? HTTP_DEFAULTS.slowRequestLogSize,
    authorize,
    authorizeRead: protectReads ? readerOf(authorize, authorizeRead) : undefined,
    allowedHosts:
      options.allowedHosts && new Set(options.allowedHosts.map((host) => host.toLowerCase())),
    allowedOrigins: new Set(options.allowedOrigins),
    logger: options.logger,
    fleetIntervalMs: ms(options.fleetInterval ?? HTTP_DEFAULTS.fleetInterval, 'fleetInterval'),
    page: options.page === false ? undefined : (options.page ?? page),
    prometheus: options.prometheus,
    clock: options.clock ?? systemClock,
  };
}

/** Allows a request if either function allows it. */
function readerOf(
  authorize: Authorize | undefined,
  authorizeRead: Authorize | string | undefined,
): Authorize {
  const reader = typeof authorizeRead === 'string' ? bearerToken(authorizeRead) : authorizeRead;
  return async (request) =>
    (reader !== undefined && (await reader(request)) === true) ||
    (authorize !== undefined && (await authorize(request)) === true);
}
