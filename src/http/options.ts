import { systemClock, type Clock } from '../base/clock.js';
import { HTTP_DEFAULTS } from '../base/defaults.js';
import { toMilliseconds, type Duration } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import {
  checkOptions,
  isBoolean,
  isDuration,
  isFunction,
  isIntegerIn,
  isObject,
  type Check,
} from '../base/options.js';
import { isManager } from '../cache/default-cache.js';
import type { CacheManager } from '../cache/manager.js';
import type { RequestFigures } from '../stats/request-figures.js';
import { bearerToken, type Authorize } from './bearer-token.js';
import { page } from './page.js';
import type { RequestStats } from './request-stats.js';

/**
 * Where slow requests, refusals, clears and failures of the API are logged; `console`, pino, winston
 * and others fit.
 */
export interface PerformanceLogger {
  /** Gets slow requests; and refusals and clears with the client's address, 10 of each a minute. */
  warn(message: string): void;
  /** Gets failures of routes; default: `warn`. */
  error?(message: string): void;
}

/** What the API tells those who answer a route for it. */
export interface PerformanceSource {
  /** The cache whose figures are served. */
  readonly cache: CacheManager;
  /** The figures of the requests that were timed. */
  readonly requests: RequestStats;
  /** @internal */
  readonly recorder: RequestFigures;
}

/**
 * Answers a route that the API serves for somebody else: the page, the metrics. The API looks after
 * methods, hosts, origins, who may read, and failures, and adds `no-store` and `nosniff`.
 */
export type PerformanceHandler = (
  request: Request,
  source: PerformanceSource,
) => Response | Promise<Response>;

/** Options of {@link createPerformanceApi}. */
export interface PerformanceApiOptions {
  /** The cache whose figures are served; default: the process's, as it is at each request. */
  cache?: CacheManager | undefined;
  /** What the paths of all routes begin with; default `/api/performance`. */
  basePath?: string | undefined;
  /** Path of the metrics, if `prometheus` is given; default `/metrics`. */
  prometheusPath?: string | undefined;
  /** A request that takes longer is slow; default 1 second. */
  slowRequestThreshold?: Duration | undefined;
  /** Slow requests that are kept; default 100. */
  slowRequestLogSize?: number | undefined;
  /** Who may change something. Without it, nobody may. */
  authorize?: Authorize | undefined;
  /**
   * Who may read: a function, or a token that `Authorization: Bearer` has to carry. Those whom
   * `authorize` admits may read too, and `/health` gives others the state alone. Default: anyone, or
   * with `protectReads` those whom `authorize` admits.
   */
  authorizeRead?: Authorize | string | undefined;
  /** Whether reads need `authorize` or `authorizeRead`. Default: whether `authorizeRead` is given. */
  protectReads?: boolean | undefined;
  /**
   * Hosts by which the API is reached, `admin.example.org` or `localhost:5001`; without a port, any
   * port. Requests for others are refused, except for the state at `/health`. Default: any host.
   */
  allowedHosts?: readonly string[] | undefined;
  /** Origins of other hosts, `https://admin.example.org`, whose pages may use the API. Default none. */
  allowedOrigins?: readonly string[] | undefined;
  /** Where slow requests, refusals, clears and failures are logged; default nowhere. */
  logger?: PerformanceLogger | undefined;
  /** How often the figures are left for the other instances, on Redis only; default 5 seconds. */
  fleetInterval?: Duration | undefined;
  /** Answers `GET` on `basePath` itself; default: a page that shows the figures. `false`: nothing. */
  page?: PerformanceHandler | false | undefined;
  /** Answers `GET` on `prometheusPath`. */
  prometheus?: PerformanceHandler | undefined;
  /** Where time comes from; default: the machine's clock. */
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
  /** Who may read; `undefined`: anyone. */
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
    : "a path such as '/api/performance', without a slash at its end";

const isLogger: Check = (value) =>
  typeof (value as Partial<PerformanceLogger> | null)?.warn === 'function'
    ? undefined
    : 'an object with a function warn, such as console';

const isOrigins: Check = (value) =>
  Array.isArray(value) && value.every(isOrigin)
    ? undefined
    : "an array of origins such as 'https://admin.example.org'";

const isHosts: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isHost)
    ? undefined
    : "an array of hosts such as 'admin.example.org' or 'localhost:5001', not empty";

function isHost(value: unknown): boolean {
  return typeof value === 'string' && /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(value);
}

/** Its value is not described: it may be a token. */
const isReader: Check = (value) =>
  typeof value === 'function' || (typeof value === 'string' && value !== '')
    ? undefined
    : 'a function, or a token that is not empty';

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
  checkOptions(OWNER, options, {
    cache: isCache,
    basePath: isPath,
    prometheusPath: isPath,
    slowRequestThreshold: isDuration,
    slowRequestLogSize: isIntegerIn(1, 10_000),
    authorize: isFunction,
    authorizeRead: isReader,
    protectReads: isBoolean,
    allowedHosts: isHosts,
    allowedOrigins: isOrigins,
    logger: isLogger,
    fleetInterval: isDuration,
    page: (value, options) => (value === false ? undefined : isFunction(value, options)),
    prometheus: isFunction,
    clock: isObject,
  });
  const basePath = options.basePath ?? HTTP_DEFAULTS.basePath;
  const prometheusPath = options.prometheusPath ?? HTTP_DEFAULTS.prometheusPath;
  if (`${prometheusPath}/`.startsWith(`${basePath}/`)) {
    throw new ConfigurationError(
      `${OWNER}: prometheusPath (${prometheusPath}) must not lie below basePath (${basePath}).`,
    );
  }
  const { authorize, authorizeRead, protectReads = authorizeRead !== undefined } = options;
  if (protectReads && authorize === undefined && authorizeRead === undefined) {
    throw new ConfigurationError(
      `${OWNER}: protectReads needs authorize or authorizeRead, or no one could read.`,
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

/** Admits whom either admits. */
function readerOf(
  authorize: Authorize | undefined,
  authorizeRead: Authorize | string | undefined,
): Authorize {
  const reader = typeof authorizeRead === 'string' ? bearerToken(authorizeRead) : authorizeRead;
  return async (request) =>
    (reader !== undefined && (await reader(request)) === true) ||
    (authorize !== undefined && (await authorize(request)) === true);
}
