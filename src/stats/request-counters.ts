import { Distribution } from './distribution.js';
import { addSnapshot } from './percentiles.js';
import { maskedPath, shown } from './request-path.js';
import { RouteTable } from './route-table.js';
import { SlowLog } from './slow-log.js';

/** One request that took longer than the threshold. */
export interface SlowRequest {
  readonly method: string;
  /**
   * The pattern of the route. If the route is unknown, the path without its query and with `:param` for
   * segments that may be values. Cut after 500 characters.
   */
  readonly path: string;
  /** HTTP status; 499 if the client disconnected, 500 if the handler threw. */
  readonly status: number;
  /** In milliseconds. */
  readonly durationMs: number;
  /** When it ended, as an ISO 8601 time. */
  readonly timestamp: string;
}

/** Status of a request whose client disconnected, as in nginx. */
const CLIENT_CLOSED = 499;

/**
 * Counters of the requests to a process.
 *
 * @internal
 */
export class RequestCounters {
  readonly startedAt: number;
  readonly routes = new RouteTable();
  readonly slow: SlowLog<SlowRequest>;
  /** Requests that have ended. */
  total = 0;
  errors = 0;
  /** Requests whose client disconnected. */
  aborted = 0;
  inFlight = 0;
  /** Event streams and WebSockets since the start, and those currently open. */
  streams = 0;
  openStreams = 0;
  /** Name of the function that set the threshold; `undefined` while it is the default. */
  thresholdOwner: string | undefined = undefined;

  /** @param onSlow - Called for each slow request. */
  constructor(
    public slowThresholdMs: number,
    slowLogSize: number,
    private readonly now: () => number,
    private readonly onSlow: (request: SlowRequest) => void,
  ) {
    this.slow = new SlowLog(slowLogSize);
    this.startedAt = now();
  }

  /** Counts a request that has ended, after `ms` milliseconds. */
  end(
    method: string,
    url: string,
    route: string | undefined,
    status: number,
    isAborted: boolean,
    ms: number,
  ): void {
    const counters = this.routes.countersOf(method, route);
    counters.durations.record(ms);
    counters.end(status, isAborted);
    this.inFlight--;
    this.total++;
    if (isAborted) this.aborted++;
    else if (status >= 500) {
      this.errors++;
      counters.errors++;
    }
    if (ms > this.slowThresholdMs) {
      this.addSlow(method, route || maskedPath(url), isAborted ? CLIENT_CLOSED : status, ms);
    }
  }

  /** Durations of all requests, merged from those by route, so that a request is recorded once. */
  durations(): Distribution {
    const all = new Distribution();
    for (const { durations } of this.routes) addSnapshot(all, durations.snapshot());
    return all;
  }

  private addSlow(method: string, path: string, status: number, ms: number): void {
    const request = {
      method: shown(method, 20),
      path: shown(path),
      status,
      durationMs: Math.round(ms * 1000) / 1000,
      timestamp: new Date(this.now()).toISOString(),
    };
    this.slow.add(request);
    this.onSlow(request);
  }
}
