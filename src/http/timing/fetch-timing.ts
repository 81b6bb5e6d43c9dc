import { isStream } from './head-timing.js';
import { responseTime, serverTiming, type CacheCounts } from './headers.js';
import type { TimingConfig } from './timing-config.js';

/**
 * One request of a Fetch-style handler in progress.
 *
 * @internal
 */
export class FetchTiming {
  private readonly start: number;
  private hasEnded = false;
  private isStream = false;

  constructor(
    private readonly config: TimingConfig,
    private readonly request: Request,
    private readonly route: () => string | undefined,
  ) {
    this.start = config.now();
    config.counters.inFlight++;
  }

  /** Returns the response with the timing headers, and times it until its body has been read. */
  watch(response: Response, counts: Readonly<CacheCounts> | undefined): Response {
    const { status, statusText, body } = response;
    // The constructor rejects lower statuses: protocol switches and `Response.error()`.
    if (status < 200) {
      this.end(status, false);
      return response;
    }
    const headers = new Headers(response.headers);
    if (this.config.hasHeaders) {
      const ms = this.config.now() - this.start;
      headers.set('X-Response-Time', responseTime(ms));
      headers.append('Server-Timing', serverTiming(ms, counts));
    }
    if (body === null) this.end(status, false);
    else if (isStream(response.headers.get('content-type') ?? '')) this.beginStream(status);
    const timed = body === null ? null : this.watchBody(body, status);
    return new Response(timed, { status, statusText, headers });
  }

  /** Counts the request now, since the duration of a stream is meaningless. */
  private beginStream(status: number): void {
    this.end(status, false);
    this.isStream = true;
    this.config.counters.streams++;
    this.config.counters.openStreams++;
  }

  end(status: number, isAborted: boolean): void {
    if (this.isStream) this.config.counters.openStreams--;
    this.isStream = false;
    if (this.hasEnded) return;
    this.hasEnded = true;
    const { config, request, start } = this;
    let route: unknown;
    try {
      route = this.route();
    } catch {
      // Counted as a request without a route.
    }
    config.counters.end(
      request.method,
      request.url,
      typeof route === 'string' ? route : undefined,
      status,
      isAborted,
      config.now() - start,
    );
  }

  private watchBody(body: ReadableStream<Uint8Array>, status: number): ReadableStream<Uint8Array> {
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
      // Do not read ahead of the consumer.
      { highWaterMark: 0 },
    );
  }
}
