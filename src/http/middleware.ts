import type { IncomingMessage, ServerResponse } from 'node:http';

import { timeHandling, timeRequest } from './node-timing.js';
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
  return (request, response, next) => {
    const url = urlOf(request);
    // Whoever looks at the figures is none of them.
    if (timer.api.owns(url) || timer.skips(request)) next?.();
    else if (next === undefined) timeCaller(timer, request, response);
    else timeHandling(timer, request, response, url, next);
  };
}

/** Times what the caller goes on to do. */
function timeCaller(timer: Timer, request: IncomingMessage, response: ServerResponse): void {
  const timing = timeRequest(timer, request, response);
  if (timing === undefined || timer.scope === undefined) return;
  timing.counts = { hits: 0, misses: 0 };
  timer.scope.enter(timing.counts);
}
