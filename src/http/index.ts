/**
 * The figures of caches and requests over HTTP, and the timing of requests, for node:http, Express,
 * NestJS, Fastify, Koa, Hono, and whatever has the Fetch API's `Request` and `Response`.
 *
 * @packageDocumentation
 */
export { HTTP_DEFAULTS } from '../base/defaults.js';
export {
  createPerformanceApi,
  type PerformanceApi,
  type PerformanceHandlers,
  type RouteHandler,
} from './api.js';
export type { RequestClient } from './audit-log.js';
export { bearerToken, type Authorize } from './bearer-token.js';
export {
  fastifyPerformance,
  type FastifyLike,
  type FastifyPlugin,
  type FastifyReplyLike,
  type FastifyRequestLike,
} from './fastify.js';
export { honoPerformance, type HonoContextLike, type HonoMiddleware } from './hono.js';
export { koaPerformance, type KoaContextLike, type KoaMiddleware } from './koa.js';
export { performanceMiddleware, type NodeMiddleware } from './middleware.js';
export { toNodeListener } from './node-listener.js';
export type {
  PerformanceApiOptions,
  PerformanceHandler,
  PerformanceLogger,
  PerformanceSource,
} from './options.js';
export type { RequestStats, RouteStats } from './request-stats.js';
export type { MiddlewareOptions, TimingOptions } from './timer.js';
export { withTiming, type FetchHandler, type WithTimingOptions } from './with-timing.js';
export type { SlowRequest } from '../stats/request-figures.js';
