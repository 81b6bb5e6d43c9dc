import type { IncomingMessage } from 'node:http';

import { toMilliseconds, type Duration } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import { checkOptions, isBoolean, isDuration, isFunction, type Check } from '../base/options.js';
import type { RequestFigures } from '../stats/request-figures.js';
import type { PerformanceApi } from './api.js';
import { CacheScope } from './cache-scope.js';

/** Options of everything that times requests. */
export interface TimingOptions {
  /** Whose figures they become. */
  api: PerformanceApi;
  /** A request that takes longer is slow; default: the API's. It holds for the whole API. */
  slowRequestThreshold?: Duration | undefined;
  /** Whether responses carry `X-Response-Time` and `Server-Timing`. Default true. */
  headers?: boolean | undefined;
  /**
   * Whether `Server-Timing` says what the request asked of the cache: `cache;desc="2 hits, 1 miss"`.
   * It takes decorated methods their shortest path. Default false.
   */
  serverTimingCache?: boolean | undefined;
}

/** Options of {@link performanceMiddleware}. */
export interface MiddlewareOptions extends TimingOptions {
  /**
   * Pattern of a request's route, `/users/:id`, for frameworks other than Express; asked when the
   * request has ended. Never answer the path itself.
   */
  route?: ((request: IncomingMessage) => string | undefined) | undefined;
}

const isApi: Check = (value) =>
  // It may have been made by another copy of the package.
  typeof (value as Partial<PerformanceApi> | null)?.recorder?.end === 'function'
    ? undefined
    : 'what createPerformanceApi answers';

/**
 * What is the same for all requests that one middleware times.
 *
 * @internal
 */
export class Timer {
  readonly api: PerformanceApi;
  readonly figures: RequestFigures;
  readonly hasHeaders: boolean;
  readonly scope: CacheScope | undefined;
  readonly routeOf: ((request: IncomingMessage) => string | undefined) | undefined;

  /**
   * @throws ConfigurationError for an unknown option or a bad value.
   */
  constructor(owner: string, options: TimingOptions & { readonly route?: unknown }) {
    checkOptions(owner, options, {
      api: isApi,
      slowRequestThreshold: isDuration,
      headers: isBoolean,
      serverTimingCache: isBoolean,
      route: isFunction,
    });
    const { api, slowRequestThreshold, headers = true, serverTimingCache = false } = options;
    if ((api as PerformanceApi | undefined) === undefined) {
      throw new ConfigurationError(`${owner}: api must be what createPerformanceApi answers.`);
    }
    this.api = api;
    this.figures = api.recorder;
    this.hasHeaders = headers;
    this.routeOf = options.route as MiddlewareOptions['route'];
    this.scope = serverTimingCache ? new CacheScope(api) : undefined;
    if (slowRequestThreshold !== undefined) {
      const name = `${owner}: slowRequestThreshold`;
      this.figures.slowThresholdMs = toMilliseconds(slowRequestThreshold, name);
    }
  }

  now(): number {
    return this.api.clock.monotonic();
  }
}
