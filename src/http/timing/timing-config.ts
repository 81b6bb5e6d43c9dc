import type { IncomingMessage } from 'node:http';

import { toMilliseconds, type Duration } from '../../base/time/duration.js';
import { ConfigurationError } from '../../base/errors/errors.js';
import {
  checkOptions,
  checkValue,
  isBoolean,
  isDuration,
  isFunction,
  type Check,
} from '../../base/options/options.js';
import type { RequestCounters } from '../../stats/request-counters.js';
import type { PerformanceApi } from '../api/api.js';
import { RequestCacheCounter } from './request-cache-counts.js';

/** Options of everything that times requests, on node:http or the Fetch API. */
export interface TimingOptions<R = IncomingMessage> {
  /** The API that counts the requests. */
  api: PerformanceApi;
  /**
   * Requests that take longer count as slow. The API has one threshold: set it here or in
   * `createPerformanceApi`, not in both.
   *
   * @default the threshold of the API
   */
  slowRequestThreshold?: Duration | undefined;
  /**
   * Excludes the requests for which it returns true from all statistics.
   *
   * @default none
   */
  skip?: ((request: R) => boolean) | undefined;
  /**
   * Whether responses carry `X-Response-Time` and `Server-Timing`.
   *
   * @default true
   */
  headers?: boolean | undefined;
  /**
   * Whether `Server-Timing` includes the cache hits and misses of the request,
   * `cache;desc="2 hits, 1 miss"`. This turns off the fast path of decorated methods.
   *
   * @default false
   */
  serverTimingCache?: boolean | undefined;
}

/** Options of {@link performanceMiddleware}. */
export interface MiddlewareOptions extends TimingOptions {
  /**
   * Returns the pattern of a request's route, such as `/users/:id`, for frameworks other than
   * Express. Called when the request has ended. Never return the path itself.
   *
   * @default the pattern of the Express route
   */
  route?: ((request: IncomingMessage) => string | undefined) | undefined;
}

/** @internal */
export const isApi: Check = (value) =>
  // No `instanceof`: the API may come from another copy of the package.
  typeof (value as Partial<PerformanceApi> | null)?.recorder?.end === 'function'
    ? undefined
    : 'the result of createPerformanceApi()';

/**
 * The resolved options of one middleware, shared by all requests that it times.
 *
 * @internal
 */
export class TimingConfig {
  readonly api: PerformanceApi;
  readonly counters: RequestCounters;
  readonly hasHeaders: boolean;
  readonly cacheCounter: RequestCacheCounter | undefined;
  private readonly skip: ((request: unknown) => unknown) | undefined;
  readonly routeOf: ((request: IncomingMessage) => string | undefined) | undefined;

  /**
   * @throws ConfigurationError for an unknown option or a bad value.
   */
  constructor(owner: string, options: TimingOptions<never> & { readonly route?: unknown }) {
    checkOptions(owner, options, {
      api: isApi,
      slowRequestThreshold: isDuration,
      skip: isFunction,
      headers: isBoolean,
      serverTimingCache: isBoolean,
      route: isFunction,
    });
    const { api, slowRequestThreshold, headers = true, serverTimingCache = false } = options;
    checkValue(`${owner}: api`, api, isApi);
    this.api = api;
    this.counters = api.recorder;
    this.hasHeaders = headers;
    this.routeOf = options.route as MiddlewareOptions['route'];
    this.cacheCounter = serverTimingCache ? new RequestCacheCounter(api) : undefined;
    this.skip = options.skip as typeof this.skip;
    if (slowRequestThreshold !== undefined) this.setThreshold(owner, slowRequestThreshold);
  }

  /** Whether to exclude a request. A `skip` that throws excludes nothing. */
  isExcluded(request: unknown): boolean {
    if (this.skip === undefined) return false;
    try {
      return this.skip(request) === true;
    } catch {
      return false;
    }
  }

  private setThreshold(owner: string, threshold: Duration): void {
    const { counters } = this;
    const ms = toMilliseconds(threshold, `${owner}: slowRequestThreshold`);
    const { thresholdOwner: other, slowThresholdMs } = counters;
    if (other !== undefined && slowThresholdMs !== ms) {
      throw new ConfigurationError(
        `${owner}: slowRequestThreshold is ${String(ms)} ms, but ${other} has set ` +
          `${String(slowThresholdMs)} ms for the same API. Set it once.`,
      );
    }
    counters.thresholdOwner = owner;
    counters.slowThresholdMs = ms;
  }

  now(): number {
    return this.api.clock.monotonic();
  }
}
