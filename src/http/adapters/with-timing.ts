import { checkValue, isFunction } from '../../base/options/options.js';
import { FetchTiming } from '../timing/fetch-timing.js';
import { TimingConfig, type TimingOptions } from '../timing/timing-config.js';

/** A handler of the Fetch API; `Rest` are the platform's further arguments. */
export type FetchHandler<Rest extends unknown[] = []> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

/** Options of {@link withTiming}. */
export interface WithTimingOptions extends TimingOptions<Request> {
  /**
   * Returns the pattern of a request's route, such as `/users/:id`. Never return the path itself.
   *
   * @default none: requests are counted under `other`
   */
  route?: ((request: Request) => string | undefined) | undefined;
}

/**
 * Counts and times the requests of a Fetch-style handler, until the body of the response has been
 * read or cancelled. An error that the handler throws is counted and rethrown.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 * @example
 * ```ts
 * const handler = withTiming(async () => Response.json({ hello: 'world' }), { api });
 * const response = await handler(new Request('http://localhost/hello'));
 * response.headers.get('x-response-time'); // '0.000s'
 * ```
 */
export function withTiming<Rest extends unknown[]>(
  handler: FetchHandler<Rest>,
  options: WithTimingOptions,
): (request: Request, ...rest: Rest) => Promise<Response> {
  checkValue('withTiming: handler', handler, isFunction);
  const config = new TimingConfig('withTiming', options);
  const routeOf = options.route;
  return async (request, ...rest) => {
    if (config.isExcluded(request)) return await handler(request, ...rest);
    const timing = new FetchTiming(config, request, () => routeOf?.(request));
    const counts = config.cacheCounter === undefined ? undefined : { hits: 0, misses: 0 };
    try {
      const response = await (counts === undefined
        ? handler(request, ...rest)
        : config.cacheCounter?.run(counts, () => handler(request, ...rest)));
      return timing.watch(response as Response, counts);
    } catch (error) {
      timing.end(500, false);
      throw error;
    }
  };
}
