import type { IncomingMessage } from 'node:http';

import { toMilliseconds, type Duration } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import { checkOptions, isBoolean, isDuration, isFunction, type Check } from '../base/options.js';
import type { RequestFigures } from '../stats/request-figures.js';
import type { PerformanceApi } from './api.js';
import { CacheScope } from './cache-scope.js';

/** Options of everything that times requests, of node:http or of the Fetch API. */
export interface TimingOptions<R = IncomingMessage> {
  /** Whose figures they become. */
  api: PerformanceApi;
  /**
   * A request that takes longer is slow; default: the API's. It holds for the whole API, so that it
   * may be set once: here, or in `createPerformanceApi`.
   */
  slowRequestThreshold?: Duration | undefined;
  /** Requests to leave out of all figures: it returns true for them. Default: none. */
  skip?: ((request: R) => boolean) | undefined;
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
    if ((api as PerformanceApi | undefined) === undefined) {
      throw new ConfigurationError(`${owner}: api must be what createPerformanceApi answers.`);
    }
    this.api = api;
    this.figures = api.recorder;
    this.hasHeaders = headers;
    this.routeOf = options.route as MiddlewareOptions['route'];
    this.scope = serverTimingCache ? new CacheScope(api) : undefined;
    this.skip = options.skip as typeof this.skip;
    if (slowRequestThreshold !== undefined) this.setThreshold(owner, slowRequestThreshold);
  }

  /** Whether a request is left out. One that the option fails on is not. */
  skips(request: unknown): boolean {
    if (this.skip === undefined) return false;
    try {
      return this.skip(request) === true;
    } catch {
      return false;
    }
  }

  private setThreshold(owner: string, threshold: Duration): void {
    const { figures } = this;
    const ms = toMilliseconds(threshold, `${owner}: slowRequestThreshold`);
    const { thresholdOwner: other, slowThresholdMs } = figures;
    if (other !== undefined && slowThresholdMs !== ms) {
      throw new ConfigurationError(
        `${owner}: slowRequestThreshold is ${String(ms)} ms, but ${other} has set ` +
          `${String(slowThresholdMs)} ms for the same API. Set it once.`,
      );
    }
    figures.thresholdOwner = owner;
    figures.slowThresholdMs = ms;
  }

  now(): number {
    return this.api.clock.monotonic();
  }
}
