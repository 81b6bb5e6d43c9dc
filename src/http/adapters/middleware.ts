import type { IncomingMessage, ServerResponse } from 'node:http';

import { urlOf } from '../api/request-url.js';
import { timeHandling, timeRequest } from '../timing/node-timing.js';
import { TimingConfig, type MiddlewareOptions } from '../timing/timing-config.js';

/** Middleware for node:http, Connect, Express and NestJS. */
export type NodeMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/**
 * Counts and times requests, from here until the last byte of the response is handed to the system
 * or the client disconnects. Responses carry `X-Response-Time: 0.045s` and `Server-Timing`, the time
 * until their headers were sent. Requests for the API's own routes are not counted.
 *
 * Express routes are counted by their patterns. Mount the middleware first.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 * @example
 * ```ts
 * const api = createPerformanceApi();
 * const time = performanceMiddleware({ api, slowRequestThreshold: '500ms' });
 * createServer((request, response) => {
 *   time(request, response);
 *   response.end('hello');
 * });
 * ```
 */
export function performanceMiddleware(options: MiddlewareOptions): NodeMiddleware {
  const config = new TimingConfig('performanceMiddleware', options);
  return (request, response, next) => {
    const url = urlOf(request);
    if (config.api.owns(url) || config.isExcluded(request)) next?.();
    else if (next === undefined) timeCaller(config, request, response);
    else timeHandling(config, request, response, url, next);
  };
}

/** Without `next`: times what the caller does after this call. */
function timeCaller(
  config: TimingConfig,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const timing = timeRequest(config, request, response);
  if (timing === undefined || config.cacheCounter === undefined) return;
  timing.counts = { hits: 0, misses: 0 };
  config.cacheCounter.enter(timing.counts);
}
