/**
 * Cache and request statistics over HTTP, and request timing, for node:http, Express, NestJS,
 * Fastify, Koa, Hono, and anything with the Fetch API's `Request` and `Response`.
 *
 * - `api/`: the routes, and access to them.
 * - `stats/`: the statistics of one instance or of all, and their JSON.
 * - `timing/`: how a request is timed, independent of the framework.
 * - `adapters/`: one file per framework. Adapters import the others, never the other way round.
 *
 * @packageDocumentation
 */
export { HTTP_DEFAULTS } from '../base/options/defaults.js';
export {
  fastifyPerformance,
  type FastifyLike,
  type FastifyPlugin,
  type FastifyReplyLike,
  type FastifyRequestLike,
} from './adapters/fastify.js';
export { honoPerformance, type HonoContextLike, type HonoMiddleware } from './adapters/hono.js';
export { koaPerformance, type KoaContextLike, type KoaMiddleware } from './adapters/koa.js';
export { performanceMiddleware, type NodeMiddleware } from './adapters/middleware.js';
export { toNodeListener } from './adapters/node-listener.js';
export { withTiming, type FetchHandler, type WithTimingOptions } from './adapters/with-timing.js';
export {
  createPerformanceApi,
  type PerformanceApi,
  type PerformanceHandlers,
  type RouteHandler,
} from './api/api.js';
export type { RequestClient } from './api/audit-log.js';
export { bearerToken, type Authorize } from './api/bearer-token.js';
export type {
  PerformanceApiOptions,
  PerformanceHandler,
  PerformanceLogger,
  PerformanceSource,
} from './api/options.js';
export type { RequestStats, RouteStats } from './stats/request-stats.js';
export type { MiddlewareOptions, TimingOptions } from './timing/timing-config.js';
export type { SlowRequest } from '../stats/request-counters.js';
