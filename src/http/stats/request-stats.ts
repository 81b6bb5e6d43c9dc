import type { LatencySummary } from '../../stats/summary.js';
import type { SlowRequest } from '../../stats/request-counters.js';

/** Statistics of the timed requests. */
export interface RequestStats<Durations = LatencySummary> {
  /** Requests that have ended. */
  readonly total: number;
  /** Requests with a status of 500 or more, or whose handler threw. */
  readonly errors: number;
  /** Requests whose client disconnected before the response was complete. */
  readonly aborted: number;
  /** Requests that have not ended yet. */
  readonly inFlight: number;
  /**
   * Event streams and WebSockets since the start. A request for an event stream is also part of
   * `total`, with the time until the stream began.
   */
  readonly streams: number;
  /** Event streams and WebSockets that are open. */
  readonly openStreams: number;
  /** Requests that took longer than the threshold, since the start. */
  readonly slow: number;
  /** The threshold in milliseconds. */
  readonly slowThresholdMs: number;
  /** Milliseconds from the arrival of the request to the last byte of the response. */
  readonly durations: Durations;
  /** The latest slow requests, newest first. */
  readonly recentSlow: readonly SlowRequest[];
  /** By method and route; requests without a known route are counted under `other`. */
  readonly routes: readonly RouteStats<Durations>[];
}

/** Statistics of the requests of one method and route. */
export interface RouteStats<Durations = LatencySummary> {
  readonly method: string;
  /** The pattern, such as `/users/:id`, or `other`. */
  readonly route: string;
  readonly errors: number;
  /** In milliseconds. */
  readonly durations: Durations;
}
