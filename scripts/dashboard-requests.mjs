// Panels of requests; see dashboard.mjs.
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';

import {
  busiest,
  color,
  durations,
  graph,
  http,
  nextId,
  quantile,
  rate,
  sum,
} from './dashboard-panels.mjs';

export const requests = http('http_requests_total');
export const requestTime = http('http_request_duration_seconds_bucket');
const requestCount = http('http_request_duration_seconds_count');

export function requestsOf(page) {
  const busy = busiest('route', requestCount);
  return page
    .withRow(new dashboard.RowBuilder('Requests').id(nextId()))
    .withPanel(
      graph(
        'Response time',
        'Time from receiving a request to sending the last byte of its response.',
        's',
        {
          p50: quantile(0.5, rate(requestTime)),
          p90: quantile(0.9, rate(requestTime)),
          p99: quantile(0.99, rate(requestTime)),
        },
      ),
    )
    .withPanel(
      graph(
        'Requests by status',
        'Requests that ended, a second; aborted by the client, and 5xx in red.',
        'reqps',
        {
          '{{status}}': sum(rate(requests), 'status'),
        },
      )
        .overrideByName('2xx', color('green'))
        .overrideByName('3xx', color('blue'))
        .overrideByName('4xx', color('orange'))
        .overrideByName('5xx', color('red'))
        .overrideByName('aborted', color('purple')),
    )
    .withPanel(durations('Response times', 'How many requests took how long.', requestTime))
    .withPanel(
      graph(
        'Response time by route, p99',
        'One request in a hundred takes longer; the ten busiest routes.',
        's',
        {
          '{{route}}': `${quantile(0.99, rate(requestTime), 'le, route')} ${busy}`,
        },
      ),
    )
    .withPanel(
      graph(
        'Requests by route',
        'Requests that ended, a second; the ten busiest routes.',
        'reqps',
        {
          '{{route}}': `${sum(rate(requestCount), 'route')} ${busy}`,
        },
      ),
    )
    .withPanel(
      graph(
        'Slow and open requests',
        'Requests that took longer than slowRequestThreshold, a second; and those that have not ended yet.',
        'reqps',
        {
          '{{instance}}': sum(rate(http('http_slow_requests_total')), 'instance'),
          'in flight': sum(http('http_requests_in_flight')),
        },
      ).overrideByName('in flight', [{ id: 'unit', value: 'short' }]),
    );
}
