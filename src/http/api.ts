import type { Clock } from '../base/clock.js';
import { printable } from '../base/printable.js';
import { redacted } from '../base/redact.js';
import { defaultHolder, getCache } from '../cache/default-cache.js';
import type { CacheManager } from '../cache/manager.js';
import { summaryOf } from '../stats/latency.js';
import { RequestFigures, type SlowRequest } from '../stats/request-figures.js';
import {
  checkAuthorized,
  checkHost,
  checkOrigin,
  checkSite,
  corsHeaders,
  isHostAllowed,
} from './access.js';
import { AuditLog, type RequestClient } from './audit-log.js';
import { empty, failure, finished, Refusal } from './answer.js';
import { localFigures } from './figures.js';
import { Fleet } from './fleet.js';
import {
  resolveApiOptions,
  type PerformanceApiOptions,
  type PerformanceHandler,
  type PerformanceSource,
  type ResolvedApiOptions,
} from './options.js';
import { page } from './page.js';
import type { RequestStats } from './request-stats.js';
import { ROUTES, type Reading, type Route, type RouteSource } from './routes.js';
import { beginsWith, isNormalPath, targetOf } from './url-of.js';
import type { Scope } from './views.js';

const NORMAL_FORM =
  'The path must be in normal form: no dot segments, empty segments, backslashes or fragments, and ' +
  'no slash at its end.';

/** Answers the requests of one route. It never rejects. */
export type RouteHandler = (request: Request) => Promise<Response>;

/** The single routes, to be mounted wherever they are wanted. */
export interface PerformanceHandlers {
  /** Everything: cache, requests, methods. */
  readonly stats: RouteHandler;
  /** The cache alone. */
  readonly cacheStats: RouteHandler;
  /** The last requests that took too long. */
  readonly slowRequests: RouteHandler;
  /** A few figures, for monitoring. */
  readonly metrics: RouteHandler;
  /** The cached and the timed methods. */
  readonly methods: RouteHandler;
  /** `POST`: removes the keys that match `?pattern=`. */
  readonly clearCache: RouteHandler;
  /** For load balancers: 200, or 503 once the API or its cache is closed. */
  readonly health: RouteHandler;
}

/** The figures of a cache and of the requests around it, over HTTP: {@link createPerformanceApi}. */
export class PerformanceApi implements PerformanceSource {
  /** The routes one by one, with all of the API's checks. */
  readonly handlers: PerformanceHandlers;
  /** @internal */
  readonly clock: Clock;
  /**
   * Where requests are counted.
   *
   * @internal
   */
  readonly recorder: RequestFigures;
  private readonly options: ResolvedApiOptions;
  private readonly fleet: Fleet;
  private readonly audit: AuditLog;
  private readonly paths = new Map<string, Route>();
  private isClosing = false;

  /** @internal */
  constructor(options: PerformanceApiOptions) {
    this.options = resolveApiOptions(options);
    const { clock, slowThresholdMs, slowLogSize, basePath } = this.options;
    this.clock = clock;
    this.recorder = new RequestFigures(
      slowThresholdMs,
      slowLogSize,
      () => clock.now(),
      (request) => {
        this.tellSlow(request);
      },
    );
    if (options.slowRequestThreshold !== undefined) {
      this.recorder.thresholdOwner = 'createPerformanceApi';
    }
    this.audit = new AuditLog(clock, (line) => {
      this.tell((logger) => {
        logger.warn(line);
      });
    });
    this.fleet = new Fleet({
      clock,
      intervalMs: this.options.fleetIntervalMs,
      cache: () => this.options.cache ?? defaultHolder.current,
      slowLogSize: this.options.slowLogSize,
      figures: (cache) => localFigures(cache, this.recorder),
    });
    const on = (name: keyof typeof ROUTES): RouteHandler =>
      this.add(`${basePath}/${name}`, ROUTES[name]);
    this.handlers = {
      stats: on('stats'),
      cacheStats: on('cache/stats'),
      slowRequests: on('slow-requests'),
      metrics: on('metrics'),
      methods: on('methods'),
      clearCache: on('cache/clear'),
      health: on('health'),
    };
    this.lend(basePath, this.options.page);
    this.lend(this.options.prometheusPath, this.options.prometheus);
  }

  /** The cache whose figures are served. */
  get cache(): CacheManager {
    return this.options.cache ?? getCache();
  }

  /** The figures of the requests that were timed, as plain data. */
  get requests(): RequestStats {
    const { total, errors, aborted, inFlight, slow, slowThresholdMs, routes } = this.recorder;
    const { streams, openStreams } = this.recorder;
    return {
      ...{ total, errors, aborted, inFlight, slow: slow.total, slowThresholdMs },
      ...{ streams, openStreams },
      durations: summaryOf(this.recorder.durations()),
      recentSlow: slow.recent(),
      routes: Array.from(routes, (one) => ({
        ...{ method: one.method, route: one.route, errors: one.errors },
        durations: summaryOf(one.durations),
      })),
    };
  }

  /**
   * Whether a path, or a URL without its origin, is one of the API's to answer. Adapters ask it
   * before they make a `Request`.
   */
  owns(url: string): boolean {
    const { basePath, prometheusPath, prometheus } = this.options;
    // Asked for every request of the service: most are settled here.
    const mayBeMetrics = prometheus !== undefined && beginsWith(url, prometheusPath);
    if (!mayBeMetrics && !beginsWith(url, basePath)) return false;
    const [path = ''] = url.split(/[?#]/, 1);
    if (path === basePath || path.startsWith(`${basePath}/`)) return true;
    return prometheus !== undefined && path === prometheusPath;
  }

  /**
   * Handles a request for one of the API's routes. A path that is not in normal form is refused with
   * 400: guards in front of single routes may have read another path.
   *
   * @param client - What the platform knows beside the request.
   * @returns `undefined` when the path is not one of the API's. The promise never rejects.
   * @example
   * ```ts
   * const response = await api.handle(request, { target: '/api/performance/stats?scope=fleet' });
   * ```
   */
  async handle(request: Request, client?: RequestClient): Promise<Response | undefined> {
    const target = typeof client?.target === 'string' ? client.target : targetOf(request);
    if (!this.owns(target)) return undefined;
    const [path = ''] = target.split('?', 1);
    const isPage = path === `${this.options.basePath}/`;
    const route = this.paths.get(isPage ? path.slice(0, -1) : path);
    if (route !== undefined) return await this.answer(route, request, client);
    const isNormal = isPage || (isNormalPath(path) && !path.endsWith('/'));
    const refusal = isNormal
      ? new Refusal(404, 'NOT_FOUND', 'There is no such route.')
      : new Refusal(400, 'BAD_PATH', NORMAL_FORM);
    if (!isNormal) this.audit.refused(request, client, refusal.code);
    return finished(request, failure(refusal), new Headers());
  }

  /**
   * Ends the instance's part in `?scope=fleet`, and makes `/health` answer 503, so that load
   * balancers send nothing new. The other routes go on; the cache stays open. May be called again.
   */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.fleet.close();
  }

  /**
   * For logs and debuggers, which would print what the cache is connected with.
   *
   * @internal
   */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `PerformanceApi { basePath: '${this.options.basePath}' }`;
  }

  /**
   * The same for `JSON.stringify`.
   *
   * @internal
   */
  toJSON(): unknown {
    return { api: 'PerformanceApi', basePath: this.options.basePath };
  }

  private add(path: string, route: Route): RouteHandler {
    this.paths.set(path, route);
    return (request) => this.answer(route, request, undefined);
  }

  private lend(path: string, handler: PerformanceHandler | undefined): void {
    if (handler === undefined) return;
    const answer = async (_: RouteSource, request: Request): Promise<Response> =>
      await handler(request, this);
    // The page of ours holds no figures, and asks its reader for the token.
    const access = handler === page ? 'open' : 'read';
    this.add(path, { verb: 'GET', access, answer });
  }

  private async answer(
    route: Route,
    request: Request,
    client: RequestClient | undefined,
  ): Promise<Response> {
    const { options } = this;
    let extra = new Headers();
    const allow = route.verb === 'GET' ? 'GET, HEAD, OPTIONS' : 'POST, OPTIONS';
    try {
      const { method } = request;
      const isKnown = method === route.verb || (method === 'HEAD' && route.verb === 'GET');
      if (!isKnown && method !== 'OPTIONS') {
        const message = `Only ${allow} can be used here.`;
        throw new Refusal(405, 'METHOD_NOT_ALLOWED', message, { Allow: allow });
      }
      if (route.access !== 'open') checkHost(request, options);
      const origin = checkOrigin(request, options);
      extra = corsHeaders(origin, allow);
      if (method === 'OPTIONS') return finished(request, empty({ Allow: allow }), extra);
      if (route.access === 'change') {
        checkSite(request, origin);
        await checkAuthorized(request, options.authorize);
      }
      if (route.access === 'read' && options.authorizeRead !== undefined) {
        await checkAuthorized(request, options.authorizeRead);
      }
      const answer = await route.answer(this.sourceFor(request, client), request);
      return finished(request, answer, extra);
    } catch (error) {
      if (!(error instanceof Refusal)) this.tellFailure(error);
      else if (error.status === 403) this.audit.refused(request, client, error.code);
      return finished(request, failure(error), extra);
    }
  }

  private sourceFor(request: Request, client: RequestClient | undefined): RouteSource {
    const { cache, isClosing } = this;
    return {
      ...{ cache, isClosing },
      figures: async (scope) => await this.reading(cache, scope),
      mayRead: async () => await this.mayRead(request),
      onClear: (pattern, count) => {
        this.audit.cleared(request, client, pattern, count);
      },
    };
  }

  private async reading(cache: CacheManager, scope: Scope['scope']): Promise<Reading> {
    if (scope === 'instance') {
      const figures = await localFigures(cache, this.recorder);
      return { figures, scope: { scope, instances: 1 } };
    }
    const { figures, instances, known, texts } = await this.fleet.view(cache);
    const partial = known !== instances;
    return { figures, texts, scope: { scope, instances, instances_known: known, partial } };
  }

  private async mayRead(request: Request): Promise<boolean> {
    const { options } = this;
    if (!isHostAllowed(request, options)) return false;
    if (options.authorizeRead === undefined) return true;
    try {
      return (await options.authorizeRead(request)) === true;
    } catch (error) {
      // No reason to take the instance out of service.
      this.tellFailure(error);
      return false;
    }
  }

  private tellSlow({ method, path, status, durationMs }: SlowRequest): void {
    const time = (durationMs / 1000).toFixed(3);
    this.tell((logger) => {
      logger.warn(`Slow request: ${method} ${path} took ${time} s (status ${String(status)}).`);
    });
  }

  private tellFailure(error: unknown): void {
    this.tell((logger) => {
      const message = printable(`A performance route failed: ${redacted(String(error))}`);
      if (logger.error === undefined) logger.warn(message);
      else logger.error(message);
    });
  }

  private tell(how: (logger: NonNullable<ResolvedApiOptions['logger']>) => void): void {
    if (this.options.logger === undefined) return;
    try {
      how(this.options.logger);
    } catch {
      // A logger that fails must not fail the request.
    }
  }
}

/**
 * Makes the figures of a cache, and of the requests that the timing middleware sees, available over
 * HTTP. Routes below `basePath`: `GET /stats`, `/cache/stats`, `/slow-requests`, `/metrics`,
 * `/methods`, `/health`, and `POST /cache/clear?pattern=`; on `basePath` itself, a page that shows
 * them. The reads take `?scope=fleet`, which adds up all instances that share a Redis.
 *
 * One API for a cache in a process: the others know the instance by its cache.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 * @example
 * ```ts
 * const api = createPerformanceApi({ authorize: bearerToken('a long secret') });
 * const response = await api.handle(new Request('http://localhost/api/performance/stats'));
 * ```
 */
export function createPerformanceApi(options: PerformanceApiOptions = {}): PerformanceApi {
  return new PerformanceApi(options);
}
