import type { IncomingMessage, ServerResponse } from 'node:http';

import { targetOf, urlOf } from '../api/request-url.js';
import { FetchTiming } from '../timing/fetch-timing.js';
import { timeRequest } from '../timing/node-timing.js';
import { TimingConfig, type TimingOptions } from '../timing/timing-config.js';
import { addressOf } from './node-listener.js';

/** The part of a Hono context that the middleware uses, so that the types do not need Hono. */
export interface HonoContextLike {
  readonly req: { readonly raw: Request; readonly path: string };
  res: Response;
  readonly error?: Error | undefined;
  readonly env: unknown;
}

/** Middleware for Hono. */
export type HonoMiddleware = (
  context: HonoContextLike,
  next: () => Promise<void>,
) => Promise<Response | undefined>;

/**
 * Hono middleware that times requests by the patterns of their routes and serves the API's routes.
 * Mount it first, for all paths.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 * @example
 * ```ts
 * app.use(honoPerformance({ api }));
 * ```
 */
export function honoPerformance(options: TimingOptions<Request>): HonoMiddleware {
  const config = new TimingConfig('honoPerformance', options);
  return async (context, next) => {
    const node = nodeOf(context.env);
    const target = node === undefined ? targetOf(context.req.raw) : urlOf(node.incoming);
    if (config.api.owns(target)) {
      const response = await config.api.handle(context.req.raw, {
        target,
        address: node && addressOf(node.incoming),
      });
      if (response !== undefined) return response;
    }
    if (config.isExcluded(context.req.raw)) {
      await next();
      return undefined;
    }
    const counts = config.cacheCounter === undefined ? undefined : { hits: 0, misses: 0 };
    const run = (): Promise<void> =>
      config.cacheCounter === undefined || counts === undefined
        ? next()
        : config.cacheCounter.run(counts, next);
    if (node !== undefined) {
      // Node's response emits an event when it ends, so the body need not be watched.
      const timing = timeRequest(config, node.incoming, node.outgoing);
      if (timing !== undefined) timing.counts = counts;
      await run();
      if (timing !== undefined) timing.route = routeOf(context);
      return undefined;
    }
    const timing = new FetchTiming(config, context.req.raw, () => routeOf(context));
    try {
      await run();
    } catch (error) {
      timing.end(500, false);
      throw error;
    }
    const response = timing.watch(context.res, counts);
    // Without the reset, Hono would merge the headers of the previous response into this one.
    context.res = undefined as never;
    context.res = response;
    return undefined;
  };
}

interface NodeBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** The bindings of `@hono/node-server`. */
function nodeOf(env: unknown): NodeBindings | undefined {
  const { incoming, outgoing } = (env ?? {}) as Partial<NodeBindings>;
  return incoming !== undefined && typeof outgoing?.writeHead === 'function'
    ? { incoming, outgoing }
    : undefined;
}

/**
 * The pattern of the last handler that ran, like `routePath` of `hono/route`. A pattern for all
 * paths does not count as a route.
 */
function routeOf({ req }: HonoContextLike): string | undefined {
  const { routePath } = req as { routePath?: unknown };
  return typeof routePath === 'string' && !/^\/?\*$/.test(routePath) ? routePath : undefined;
}
