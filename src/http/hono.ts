import type { IncomingMessage, ServerResponse } from 'node:http';

import { addressOf } from './node-listener.js';
import { timeRequest } from './node-timing.js';
import { Timer, type TimingOptions } from './timer.js';
import { targetOf, urlOf } from './url-of.js';
import { FetchTiming } from './with-timing.js';

/** What the middleware needs of a context of Hono; described here, so that nobody needs Hono. */
export interface HonoContextLike {
  readonly req: { readonly raw: Request; readonly path: string };
  res: Response;
  readonly error?: Error | undefined;
  readonly env: unknown;
}

/** A middleware for Hono. */
export type HonoMiddleware = (
  context: HonoContextLike,
  next: () => Promise<void>,
) => Promise<Response | undefined>;

/**
 * A Hono middleware: times requests by the patterns of their routes, and serves the API's routes.
 * Mount it first, for all paths.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 * @example
 * ```ts
 * app.use(honoPerformance({ api }));
 * ```
 */
export function honoPerformance(options: TimingOptions<Request>): HonoMiddleware {
  const timer = new Timer('honoPerformance', options);
  return async (context, next) => {
    const node = nodeOf(context.env);
    const target = node === undefined ? targetOf(context.req.raw) : urlOf(node.incoming);
    if (timer.api.owns(target)) {
      const answer = await timer.api.handle(context.req.raw, {
        target,
        address: node && addressOf(node.incoming),
      });
      if (answer !== undefined) return answer;
    }
    if (timer.skips(context.req.raw)) {
      await next();
      return undefined;
    }
    const counts = timer.scope === undefined ? undefined : { hits: 0, misses: 0 };
    const run = (): Promise<void> =>
      timer.scope === undefined || counts === undefined ? next() : timer.scope.run(counts, next);
    if (node !== undefined) {
      // Node's own response knows when it has ended, and no body need be watched.
      const timing = timeRequest(timer, node.incoming, node.outgoing);
      if (timing !== undefined) timing.counts = counts;
      await run();
      if (timing !== undefined) timing.route = routeOf(context);
      return undefined;
    }
    const timing = new FetchTiming(timer, context.req.raw, () => routeOf(context));
    try {
      await run();
    } catch (error) {
      timing.end(500, false);
      throw error;
    }
    const response = timing.answered(context.res, counts);
    // Assigned at once, Hono would add the headers of the one before to it.
    context.res = undefined as never;
    context.res = response;
    return undefined;
  };
}

interface NodeBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** What `@hono/node-server` hands over besides the request. */
function nodeOf(env: unknown): NodeBindings | undefined {
  const { incoming, outgoing } = (env ?? {}) as Partial<NodeBindings>;
  return incoming !== undefined && typeof outgoing?.writeHead === 'function'
    ? { incoming, outgoing }
    : undefined;
}

/**
 * The pattern of the handler that answered: the last one that ran. One for all paths is no route.
 * As `routePath` of `hono/route` does it.
 */
function routeOf({ req }: HonoContextLike): string | undefined {
  const { routePath } = req as { routePath?: unknown };
  return typeof routePath === 'string' && !/^\/?\*$/.test(routePath) ? routePath : undefined;
}
