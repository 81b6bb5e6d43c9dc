import type { IncomingMessage, ServerResponse } from 'node:http';

import { timeRequest } from './node-timing.js';
import { Timer, type MiddlewareOptions } from './timer.js';
import { urlOf } from './url-of.js';

/** A middleware for node:http, Connect, Express and NestJS. */
export type NodeMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/**
 * Counts and times the requests that pass, from here until the last byte of the answer is handed
 * over or the client has gone, and puts `X-Response-Time: 0.045s` and `Server-Timing` on the
 * answers: the time until their headers were sent. Requests for the API's own routes are left out.
 *
 * Routes of Express are counted by their patterns. Mount it first.
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
  const timer = new Timer('performanceMiddleware', options);
  const { scope } = timer;
  return (request, response, next) => {
    // Whoever looks at the figures is none of them.
    if (timer.api.owns(urlOf(request))) {
      next?.();
      return;
    }
    const timing = timeRequest(timer, request, response);
    if (scope === undefined || timing === undefined) {
      next?.();
      return;
    }
    timing.counts = { hits: 0, misses: 0 };
    if (next === undefined) scope.enter(timing.counts);
    else scope.run(timing.counts, next);
  };
}
