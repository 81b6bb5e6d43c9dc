import type { Clock } from '../../base/time/clock.js';
import { checkValue } from '../../base/options/options.js';
import { printable } from '../../base/errors/printable.js';
import { redacted } from '../../base/errors/redact.js';
import { defaultHolder, getCache } from '../../cache/default-cache.js';
import type { CacheManager } from '../../cache/manager.js';
import { summaryOf } from '../../stats/summary.js';
import { RequestCounters, type SlowRequest } from '../../stats/request-counters.js';
import { Fleet } from '../stats/fleet.js';
import type { Scope } from '../stats/json.js';
import type { RequestStats } from '../stats/request-stats.js';
import { takeSnapshot } from '../stats/stats-snapshot.js';
import {
  checkAuthorized,
  checkHost,
  checkOrigin,
  checkSite,
  corsHeaders,
  isHostAllowed,
} from './access.js';
import { AuditLog, type RequestClient } from './audit-log.js';
import {
  resolveApiOptions,
  type PerformanceApiOptions,
  type PerformanceHandler,
  type PerformanceSource,
  type ResolvedApiOptions,
} from './options.js';
import { beginsWith, isNormalPath, isRequest, targetOf } from './request-url.js';
import { empty, errorResponse, finished, HttpError, page } from './responses.js';
import { ROUTES, type Route, type RouteSource, type ScopedSnapshot } from './routes.js';

const NORMAL_FORM =
  'The path must be in normal form: no dot segments, empty segments, backslashes, fragments or ' +
  'trailing slash.';

/** Handles the requests of one route. It never rejects. */
export type RouteHandler = (request: Request) => Promise<Response>;

/** The single routes, to be mounted on paths of your own. */
export interface PerformanceHandlers {
  /** Cache, requests and methods in one response. */
  readonly stats: RouteHandler;
  /** Only the cache. */
  readonly cacheStats: RouteHandler;
  /** The latest slow requests. */
  readonly slowRequests: RouteHandler;
  /** A short summary, for monitoring. */
  readonly metrics: RouteHandler;
  /** The cached and the timed methods. */
  readonly methods: RouteHandler;
  /** `POST`: removes the keys that match `?pattern=`. */
  readonly clearCache: RouteHandler;
  /** For load balancers: 200, or 503 once the API or its cache is closed. */
  readonly health: RouteHandler;
}

/** Statistics of a cache and of timed requests over HTTP: see {@link createPerformanceApi}. */
export class PerformanceApi implements PerformanceSource {
  /** The single routes, with all checks of the API. */
  readonly handlers: PerformanceHandlers;
  /** @internal */
  readonly clock: Clock;
  /**
   * Counts the requests.
   *
   * @internal
   */
  readonly recorder: RequestCounters;
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
    this.recorder = new RequestCounters(
      slowThresholdMs,
      slowLogSize,
      () => clock.now(),
      (request) => {
        this.logSlowRequest(request);
      },
    );
    if (options.slowRequestThreshold !== undefined) {
      this.recorder.thresholdOwner = 'createPerformanceApi';
    }
    this.audit = new AuditLog(clock, (line) => {
      this.log((logger) => {
        logger.warn(line);
      });
    });
    this.fleet = new Fleet({
      clock,
      intervalMs: this.options.fleetIntervalMs,
      cache: () => this.options.cache ?? defaultHolder.current,
      slowLogSize: this.options.slowLogSize,
      snapshot: (cache) => takeSnapshot(cache, this.recorder),
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
    this.mount(basePath, this.options.page);
    this.mount(this.options.prometheusPath, this.options.prometheus);
  }

  /** The cache whose statistics are served. */
  get cache(): CacheManager {
    return this.options.cache ?? getCache();
  }

  /** Statistics of the timed requests, as plain data. */
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
   * Whether a path, or a URL without its origin, belongs to the API. Adapters check this before they
   * build a `Request`.
   */
  owns(url: string): boolean {
    const { basePath, prometheusPath, prometheus } = this.options;
    // Runs for every request of the service; most of them end here.
    const mayBeMetrics = prometheus !== undefined && beginsWith(url, prometheusPath);
    if (!mayBeMetrics && !beginsWith(url, basePath)) return false;
    const [path = ''] = url.split(/[?#]/, 1);
    if (path === basePath || path.startsWith(`${basePath}/`)) return true;
    return prometheus !== undefined && path === prometheusPath;
  }

  /**
   * Handles a request for one of the API's routes. A path that is not in normal form gets a 400,
   * because a guard in front of a single route may have read another path.
   *
   * @param client - Data about the client that the platform has and a `Request` does not carry.
   * @returns `undefined` when the path does not belong to the API. The promise never rejects.
   * @example
   * ```ts
   * const response = await api.handle(request, { target: '/api/performance/stats?scope=fleet' });
   * ```
   */
  async handle(request: Request, client?: RequestClient): Promise<Response | undefined> {
    checkValue('handle: request', request, isRequest);
    const target = typeof client?.target === 'string' ? client.target : targetOf(request);
    if (!this.owns(target)) return undefined;
    const [path = ''] = target.split('?', 1);
    const isPage = path === `${this.options.basePath}/`;
    const route = this.paths.get(isPage ? path.slice(0, -1) : path);
    if (route !== undefined) return await this.respond(route, request, client);
    const isNormal = isPage || (isNormalPath(path) && !path.endsWith('/'));
    const error = isNormal
      ? new HttpError(404, 'NOT_FOUND', 'There is no such route.')
      : new HttpError(400, 'BAD_PATH', NORMAL_FORM);
    if (!isNormal) this.audit.refused(request, client, error.code);
    return finished(request, errorResponse(error), new Headers());
  }

  /**
   * Removes the instance from `?scope=fleet` and makes `/health` respond with 503, so that load
   * balancers send no new requests. The other routes keep working, and the cache stays open. Calling
   * it again has no effect.
   */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.fleet.close();
  }

  /**
   * Keeps the connection settings of the cache out of logs and debuggers.
   *
   * @internal
   */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `PerformanceApi { basePath: '${this.options.basePath}' }`;
  }

  /**
   * Keeps them out of `JSON.stringify`, too.
   *
   * @internal
   */
  toJSON(): unknown {
    return { api: 'PerformanceApi', basePath: this.options.basePath };
  }

  private add(path: string, route: Route): RouteHandler {
    this.paths.set(path, route);
    return (request) => this.respond(route, request, undefined);
  }

  private mount(path: string, handler: PerformanceHandler | undefined): void {
    if (handler === undefined) return;
    const handle = async (_: RouteSource, request: Request): Promise<Response> =>
      await handler(request, this);
    // The built-in page contains no statistics, and prompts for the token.
    const access = handler === page ? 'open' : 'read';
    this.add(path, { verb: 'GET', access, handle });
  }

  private async respond(
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
        throw new HttpError(405, 'METHOD_NOT_ALLOWED', message, { Allow: allow });
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
      const response = await route.handle(this.sourceFor(request, client), request);
      return finished(request, response, extra);
    } catch (error) {
      if (!(error instanceof HttpError)) this.logFailure(error);
      else if (error.status === 403) this.audit.refused(request, client, error.code);
      return finished(request, errorResponse(error), extra);
    }
  }

  private sourceFor(request: Request, client: RequestClient | undefined): RouteSource {
    const { cache, isClosing } = this;
    return {
      ...{ cache, isClosing },
      snapshot: async (scope) => await this.snapshot(cache, scope),
      mayRead: async () => await this.mayRead(request),
      onClear: (pattern, count) => {
        this.audit.cleared(request, client, pattern, count);
      },
    };
  }

  private async snapshot(cache: CacheManager, scope: Scope['scope']): Promise<ScopedSnapshot> {
    if (scope === 'instance') {
      const snapshot = await takeSnapshot(cache, this.recorder);
      return { snapshot, scope: { scope, instances: 1 } };
    }
    const { snapshot, instances, known, bodies } = await this.fleet.read(cache);
    const partial = known !== instances;
    return { snapshot, bodies, scope: { scope, instances, instances_known: known, partial } };
  }

  private async mayRead(request: Request): Promise<boolean> {
    const { options } = this;
    if (!isHostAllowed(request, options)) return false;
    if (options.authorizeRead === undefined) return true;
    try {
      return (await options.authorizeRead(request)) === true;
    } catch (error) {
      // Load balancers must not take the instance out of service because `authorizeRead` fails.
      this.logFailure(error);
      return false;
    }
  }

  private logSlowRequest({ method, path, status, durationMs }: SlowRequest): void {
    const time = (durationMs / 1000).toFixed(3);
    this.log((logger) => {
      logger.warn(`Slow request: ${method} ${path} took ${time} s (status ${String(status)}).`);
    });
  }

  private logFailure(error: unknown): void {
    this.log((logger) => {
      const message = printable(`A performance route failed: ${redacted(String(error))}`);
      if (logger.error === undefined) logger.warn(message);
      else logger.error(message);
    });
  }

  private log(write: (logger: NonNullable<ResolvedApiOptions['logger']>) => void): void {
    if (this.options.logger === undefined) return;
    try {
      write(this.options.logger);
    } catch {
      // A failing logger must not fail the request.
    }
  }
}

/**
 * Serves the statistics of a cache, and of the requests that the timing middleware sees, over HTTP.
 * Routes below `basePath`: `GET /stats`, `/cache/stats`, `/slow-requests`, `/metrics`, `/methods`,
 * `/health`, and `POST /cache/clear?pattern=`. `basePath` itself is a dashboard page. The reads accept
 * `?scope=fleet`, which adds up all instances that share a Redis.
 *
 * Create one API per cache in a process: other instances identify this one by its cache.
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
