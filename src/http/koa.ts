import type { IncomingMessage, ServerResponse } from 'node:http';

import { belowUnknownMount } from './express-route.js';
import { addressOf, toRequest } from './node-listener.js';
import { timeRequest } from './node-timing.js';
import { Timer, type TimingOptions } from './timer.js';
import { urlOf } from './url-of.js';

/** What the middleware needs of a context of Koa; described here, so that nobody needs Koa. */
export interface KoaContextLike {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  status: number;
  body: unknown;
  /** Sets a header. */
  set(name: string, value: string): unknown;
}

/** A middleware for Koa. */
export type KoaMiddleware = (
  context: KoaContextLike,
  next: () => Promise<unknown>,
) => Promise<void>;

/**
 * A Koa middleware: times requests, by the patterns of their routes with `@koa/router`, and serves
 * the API's routes. Mount it first.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 * @example
 * ```ts
 * app.use(koaPerformance({ api }));
 * ```
 */
export function koaPerformance(options: TimingOptions): KoaMiddleware {
  const timer = new Timer('koaPerformance', options);
  return async (context, next) => {
    const target = urlOf(context.req);
    if (timer.api.owns(target)) {
      const request = toRequest(context.req);
      // A host that is none, as on node:http.
      if (request === undefined) return await take(context, new Response(null, { status: 400 }));
      const answer = await timer.api.handle(request, {
        ...{ target, address: addressOf(context.req) },
      });
      if (answer !== undefined) return await take(context, answer);
    }
    if (timer.skips(context.req)) return void (await next());
    const timing = timeRequest(timer, context.req, context.res);
    if (timing === undefined) return void (await next());
    // Known once a router has run, which may be before the middleware is done: streams begin early.
    timing.findRoute = () => routeOf(context, timing.path);
    if (timer.scope === undefined) return void (await next());
    timing.counts = { hits: 0, misses: 0 };
    await timer.scope.run(timing.counts, next);
  };
}

/** A router that is mounted knows its own part alone. */
function routeOf(context: object, path: string): string | undefined {
  const route = (context as { _matchedRoute?: string | RegExp })._matchedRoute;
  return route === undefined ? undefined : belowUnknownMount(path, String(route));
}

async function take(context: KoaContextLike, answer: Response): Promise<void> {
  context.status = answer.status;
  const body = Buffer.from(await answer.arrayBuffer());
  context.body = body.length === 0 ? null : body;
  // Koa makes a body that is null a 204.
  context.status = answer.status;
  answer.headers.forEach((value, name) => {
    context.set(name, value);
  });
}
