import { isStream } from './head-timing.js';
import { responseTime, serverTiming } from './headers.js';
import { Timer, type TimingOptions } from './timer.js';

/** A handler in the manner of the Fetch API; the rest is whatever a platform hands over besides. */
export type FetchHandler<Rest extends unknown[] = []> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

/** Options of {@link withTiming}. */
export interface WithTimingOptions extends TimingOptions<Request> {
  /** Pattern of a request's route, `/users/:id`. Never answer the path itself. */
  route?: ((request: Request) => string | undefined) | undefined;
}

/**
 * Counts and times what a Fetch-style handler answers, until the last byte of the body has been
 * read, or nobody wants it any more. What the handler throws counts as an error and is thrown on.
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
  const timer = new Timer('withTiming', options);
  const routeOf = options.route;
  return async (request, ...rest) => {
    if (timer.skips(request)) return await handler(request, ...rest);
    const timing = new FetchTiming(timer, request, () => routeOf?.(request));
    const counts = timer.scope === undefined ? undefined : { hits: 0, misses: 0 };
    try {
      const response = await (counts === undefined
        ? handler(request, ...rest)
        : timer.scope?.run(counts, () => handler(request, ...rest)));
      return timing.answered(response as Response, counts);
    } catch (error) {
      timing.end(500, false);
      throw error;
    }
  };
}

/**
 * One request of a Fetch-style handler that is under way.
 *
 * @internal
 */
export class FetchTiming {
  private readonly start: number;
  private hasEnded = false;
  private isStream = false;

  constructor(
    private readonly timer: Timer,
    private readonly request: Request,
    private readonly route: () => string | undefined,
  ) {
    this.start = timer.now();
    timer.figures.inFlight++;
  }

  /** The same response, with headers, and with a body that tells when it has been read. */
  answered(
    response: Response,
    counts: { readonly hits: number; readonly misses: number } | undefined,
  ): Response {
    const { status, statusText, body } = response;
    // No `Response` can be made of others: of a protocol switch, of `Response.error()`.
    if (status < 200) {
      this.end(status, false);
      return response;
    }
    const headers = new Headers(response.headers);
    if (this.timer.hasHeaders) {
      const ms = this.timer.now() - this.start;
      headers.set('X-Response-Time', responseTime(ms));
      headers.append('Server-Timing', serverTiming(ms, counts));
    }
    if (body === null) this.end(status, false);
    else if (isStream(response.headers.get('content-type') ?? '')) this.beginStream(status);
    const timed = body === null ? null : this.watched(body, status);
    return new Response(timed, { status, statusText, headers });
  }

  /** Counts the request now; how long the body takes says nothing. */
  private beginStream(status: number): void {
    this.end(status, false);
    this.isStream = true;
    this.timer.figures.streams++;
    this.timer.figures.openStreams++;
  }

  end(status: number, isAborted: boolean): void {
    if (this.isStream) this.timer.figures.openStreams--;
    this.isStream = false;
    if (this.hasEnded) return;
    this.hasEnded = true;
    const { timer, request, start } = this;
    let route: unknown;
    try {
      route = this.route();
    } catch {
      // Counted as one that has no route.
    }
    timer.figures.end(
      request.method,
      request.url,
      typeof route === 'string' ? route : undefined,
      status,
      isAborted,
      timer.now() - start,
    );
  }

  private watched(body: ReadableStream<Uint8Array>, status: number): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await reader.read();
            if (!done) {
              controller.enqueue(value);
              return;
            }
            this.end(status, false);
            controller.close();
          } catch (error) {
            this.end(500, false);
            controller.error(error);
          }
        },
        cancel: async (reason) => {
          this.end(status, true);
          await reader.cancel(reason);
        },
      },
      // Nothing is read ahead of whoever reads us.
      { highWaterMark: 0 },
    );
  }
}
