import type { LatencySummary } from '../stats/latency.js';
import type { SlowRequest } from '../stats/request-figures.js';

/** Figures of the requests that were timed. */
export interface RequestStats<Durations = LatencySummary> {
  /** Requests that have ended. */
  readonly total: number;
  /** Those that were answered with a status of 500 or more, or whose handler threw. */
  readonly errors: number;
  /** Those whose client went away before the answer was complete. */
  readonly aborted: number;
  /** Requests that have not ended yet. */
  readonly inFlight: number;
  /**
   * Event streams and WebSockets since the start. Requests for event streams are in `total` as well,
   * with the time until the stream began.
   */
  readonly streams: number;
  /** Event streams and WebSockets that are open. */
  readonly openStreams: number;
  /** Those that took longer than the threshold, since the start. */
  readonly slow: number;
  /** The threshold in milliseconds. */
  readonly slowThresholdMs: number;
  /** Milliseconds from the request's arrival to the last byte of its answer. */
  readonly durations: Durations;
  /** The last of the slow ones, newest first. */
  readonly recentSlow: readonly SlowRequest[];
  /** By method and route; what has no route of its own is counted under `other`. */
  readonly routes: readonly RouteStats<Durations>[];
}

/** Figures of the requests of one method and route. */
export interface RouteStats<Durations = LatencySummary> {
  readonly method: string;
  /** The pattern, `/users/:id`, or `other`. */
  readonly route: string;
  readonly errors: number;
  /** In milliseconds. */
  readonly durations: Durations;
}
