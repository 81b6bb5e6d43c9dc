import type { IncomingMessage, ServerResponse } from 'node:http';

import { urlOf } from '../api/request-url.js';
import { belowUnknownMount } from '../timing/express-route.js';
import { timeRequest } from '../timing/node-timing.js';
import { TimingConfig, type TimingOptions } from '../timing/timing-config.js';
import { addressOf, toRequest } from './node-listener.js';

/** The part of a Koa context that the middleware uses, so that the types do not need Koa. */
export interface KoaContextLike {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  status: number;
  body: unknown;
  /** Sets a header. */
  set(name: string, value: string): unknown;
}

/** Middleware for Koa. */
export type KoaMiddleware = (
  context: KoaContextLike,
  next: () => Promise<unknown>,
) => Promise<void>;

/**
 * Koa middleware that times requests and serves the API's routes. With `@koa/router`, requests are
 * counted by the patterns of their routes. Mount it first.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 * @example
 * ```ts
 * app.use(koaPerformance({ api }));
 * ```
 */
export function koaPerformance(options: TimingOptions): KoaMiddleware {
  const config = new TimingConfig('koaPerformance', options);
  return async (context, next) => {
    const target = urlOf(context.req);
    if (config.api.owns(target)) {
      const request = toRequest(context.req);
      if (request === undefined) return await send(context, new Response(null, { status: 400 }));
      const response = await config.api.handle(request, {
        ...{ target, address: addressOf(context.req) },
      });
      if (response !== undefined) return await send(context, response);
    }
    if (config.isExcluded(context.req)) return void (await next());
    const timing = timeRequest(config, context.req, context.res);
    if (timing === undefined) return void (await next());
    // Looked up at the end, once a router has run; a stream may begin before `next` settles.
    timing.findRoute = () => routeOf(context, timing.path);
    if (config.cacheCounter === undefined) return void (await next());
    timing.counts = { hits: 0, misses: 0 };
    await config.cacheCounter.run(timing.counts, next);
  };
}

/** The pattern of the route. A mounted router sets only its own part of it. */
function routeOf(context: object, path: string): string | undefined {
  const route = (context as { _matchedRoute?: string | RegExp })._matchedRoute;
  return route === undefined ? undefined : belowUnknownMount(path, String(route));
}

async function send(context: KoaContextLike, response: Response): Promise<void> {
  context.status = response.status;
  const body = Buffer.from(await response.arrayBuffer());
  context.body = body.length === 0 ? null : body;
  // Again, since Koa sets 204 for a null body.
  context.status = response.status;
  response.headers.forEach((value, name) => {
    context.set(name, value);
  });
}
