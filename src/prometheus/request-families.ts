import type { RequestCounters } from '../stats/request-counters.js';
import { OUTCOMES, type RouteCounters } from '../stats/route-table.js';
import type { Durations, Family, Labels, Sample, ScalarFamily } from './family.js';
import type { MetricsScope } from './scope.js';

function* routesOf({ requests }: MetricsScope): Generator<readonly [Labels, RouteCounters]> {
  for (const counters of requests?.routes ?? []) {
    yield [{ method: counters.method, route: counters.route }, counters];
  }
}

/** One sample if there is an API. */
function total(read: (requests: RequestCounters) => number): ScalarFamily['samples'] {
  return ({ requests }) => (requests === undefined ? [] : [{ value: read(requests), labels: {} }]);
}

/** @internal */
export const REQUEST_FAMILIES: readonly Family[] = [
  {
    type: 'counter',
    name: 'http_requests_total',
    help: 'Requests that have ended.',
    *samples(scope: MetricsScope): Iterable<Sample> {
      for (const [labels, { outcomes }] of routesOf(scope)) {
        for (const [i, status] of OUTCOMES.entries()) {
          const value = outcomes[i] ?? 0;
          if (value > 0) yield { labels: { ...labels, status }, value };
        }
      }
    },
  },
  {
    type: 'histogram',
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the last byte of its response.',
    *durations(scope: MetricsScope): Durations {
      for (const [labels, { durations }] of routesOf(scope)) yield [labels, durations];
    },
  },
  {
    type: 'gauge',
    name: 'http_requests_in_flight',
    help: 'Requests in progress.',
    samples: total(({ inFlight }) => inFlight),
  },
  {
    type: 'counter',
    name: 'http_streams_total',
    help: 'Event streams and WebSockets.',
    samples: total(({ streams }) => streams),
  },
  {
    type: 'gauge',
    name: 'http_streams_open',
    help: 'Open event streams and WebSockets.',
    samples: total(({ openStreams }) => openStreams),
  },
  {
    type: 'counter',
    name: 'http_slow_requests_total',
    help: 'Requests that took longer than the threshold.',
    samples: total(({ slow }) => slow.total),
  },
];
