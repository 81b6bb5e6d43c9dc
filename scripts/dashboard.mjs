// Writes docs/deploy/grafana/dashboard.json by the builders of Grafana's own SDK, so that no option
// is set that Grafana does not have. `--check` compares instead.
import { readFileSync, writeFileSync } from 'node:fs';

import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';

import {
  begun,
  busiest,
  cache,
  color,
  durations,
  graph,
  hitRate,
  http,
  nextId,
  number,
  quantile,
  query,
  rate,
  sum,
  thresholds,
} from './dashboard-panels.mjs';
import { annotations, variables } from './dashboard-controls.mjs';
import { requestsOf, requestTime, requests } from './dashboard-requests.mjs';

const target = new URL('../docs/deploy/grafana/dashboard.json', import.meta.url);
const hits = cache('cache_hits_total');
const misses = cache('cache_misses_total');
const methodHits = cache('cache_method_hits_total');
const methodMisses = cache('cache_method_misses_total');
const loadTime = cache('cache_load_duration_seconds_bucket');
const loads = cache('cache_load_duration_seconds_count');

const HIT_RATE = [['red'], ['yellow', 0.5], ['green', 0.8]];

function overview(page) {
  return page
    .withRow(new dashboard.RowBuilder('Overview').id(nextId()))
    .withPanel(
      number(
        'Hit rate',
        'Share of reads that returned a fresh value. Below a half there is an alert.',
        'percentunit',
        hitRate(sum(rate(hits)), sum(rate(misses))),
        HIT_RATE,
      )
        .min(0)
        .max(1),
    )
    .withPanel(number('Requests', 'Requests that ended, a second.', 'reqps', sum(rate(requests))))
    .withPanel(
      number(
        'Response time, p99',
        'One request in a hundred takes longer. Above one second there is an alert.',
        's',
        quantile(0.99, rate(requestTime)),
        [['green'], ['yellow', 0.5], ['red', 1]],
      ),
    )
    .withPanel(
      number(
        'Errors',
        'Share of requests with a 5xx response.',
        'percentunit',
        `(${sum(rate(http('http_requests_total', ', status="5xx"')))} or vector(0)) / ${sum(rate(requests))}`,
        [['green'], ['yellow', 0.001], ['red', 0.01]],
      ).min(0),
    )
    .withPanel(
      number(
        'Slow requests',
        'Share of requests that took longer than slowRequestThreshold. Above one in twenty there is an alert.',
        'percentunit',
        `${sum(rate(http('http_slow_requests_total')))} / ${sum(rate(requests))}`,
        [['green'], ['yellow', 0.01], ['red', 0.05]],
      ).min(0),
    )
    .withPanel(number('Instances', 'Instances that Prometheus reaches.', 'short', sum(http('up'))))
    .withPanel(
      number(
        'Down',
        'Instances that Prometheus does not reach.',
        'short',
        sum(`1 - ${http('up')}`),
        [['green'], ['red', 1]],
      ),
    )
    .withPanel(
      number(
        'Without Redis',
        'Instances that work from memory, since Redis does not answer.',
        'short',
        sum(`max by (instance) (${cache('cache_degraded')})`),
        [['green'], ['red', 1]],
      ),
    );
}

function caches(page) {
  const size = (tier) => cache('cache_size', `, tier="${tier}"`);
  const state = (status) =>
    `max by (cache, instance) (${cache('cache_breaker_state', `, status="${status}"`)})`;
  const mapping = (text, color, index) => ({ text, color, index });
  return page
    .withRow(new dashboard.RowBuilder('Cache').id(nextId()))
    .withPanel(
      graph('Hit rate by cache', 'Share of reads that returned a fresh value.', 'percentunit', {
        '{{cache}}': hitRate(sum(rate(hits), 'cache'), sum(rate(misses), 'cache')),
      }).max(1),
    )
    .withPanel(
      graph(
        'Reads',
        'Fresh values by tier, and misses; stale are the misses that returned an expired value.',
        'ops',
        {
          'hits, {{tier}}': sum(rate(hits), 'tier'),
          misses: sum(rate(misses)),
          stale: sum(rate(cache('cache_stale_hits_total'))),
        },
      ),
    )
    .withPanel(
      graph(
        'Cache size',
        'Entries in the memory of each instance, and in Redis, which all share.',
        'short',
        {
          'memory, {{instance}}': sum(size('memory'), 'instance'),
          'Redis, {{cache}}': `max by (cache) (${size('shared')})`,
          'most in memory, {{cache}}': `max by (cache) (${cache('cache_size_limit', ', tier="memory"')})`,
        },
      ),
    )
    .withPanel(
      graph(
        'Evictions and expirations',
        'Evicted to make room; expired at the end of their lives.',
        'ops',
        {
          'evicted, {{instance}}': sum(rate(cache('cache_evictions_total')), 'instance'),
          expired: sum(rate(cache('cache_expirations_total'))),
        },
      ),
    )
    .withPanel(
      begun(
        new statetimeline.PanelBuilder(),
        'Breaker',
        'State of the circuit breaker in front of Redis.',
        'short',
        12,
        8,
      )
        .withTarget(
          query('A', `2 * ${state('open')} + ${state('half-open')}`, '{{cache}}, {{instance}}'),
        )
        .lineWidth(0)
        .fillOpacity(80)
        .rowHeight(0.8)
        .showValue(common.VisibilityMode.Never)
        .mergeValues(true)
        .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds))
        .thresholds(thresholds([['green'], ['yellow', 1], ['red', 2]]))
        .mappings([
          {
            type: dashboard.MappingType.ValueToText,
            options: {
              0: mapping('closed', 'green', 0),
              1: mapping('half-open', 'yellow', 1),
              2: mapping('open', 'red', 2),
            },
          },
        ]),
    )
    .withPanel(
      graph(
        'Invalidations',
        'A second: made here, received from other instances, and results that were not stored since an invalidation overtook them. Pending: how many wait for Redis now.',
        'ops',
        {
          made: sum(rate(cache('cache_invalidations_total'))),
          received: sum(rate(cache('cache_invalidations_received_total'))),
          pending: sum(cache('cache_pending_invalidations')),
          overtaken: sum(rate(cache('cache_refused_fills_total'))),
        },
        8,
      ).overrideByName('pending', [{ id: 'unit', value: 'short' }, ...color('red')]),
    );
}

function methods(page) {
  const busy = busiest('method', methodMisses);
  const now = (refId, expr) =>
    query(refId, expr).format(prometheus.PromQueryFormat.Table).instant();
  const of = (counter) => sum(`rate(${counter}[$__range])`, 'cache, method');
  const columns = [
    ['Calls', 'ops', `${of(methodHits)} + ${of(methodMisses)}`],
    ['Hit rate', 'percentunit', hitRate(of(methodHits), of(methodMisses))],
    ['Loads', 'ops', of(loads)],
    ['Load time, p99', 's', quantile(0.99, `rate(${loadTime}[$__range])`, 'le, cache, method')],
    ['Errors', 'ops', of(cache('cache_method_load_errors_total'))],
    [
      'Time saved',
      's',
      sum(`increase(${cache('cache_method_time_saved_seconds_total')}[$__range])`, 'cache, method'),
    ],
  ];
  const overview = begun(
    new table.PanelBuilder(),
    'Methods',
    'Each cached method over the time range that is shown: calls, loads and errors a second, and the time that hits saved.',
    'short',
    24,
    10,
  )
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        renameByName: Object.fromEntries([
          ['cache', 'Cache'],
          ['method', 'Method'],
          ...columns.map(([name], i) => [`Value #${String.fromCharCode(65 + i)}`, name]),
        ]),
      },
    })
    .sortBy([new common.TableSortByFieldStateBuilder().displayName('Calls').desc(true)]);
  columns.forEach(([name, unit, expr], i) => {
    overview.withTarget(now(String.fromCharCode(65 + i), expr));
    const isRate = name === 'Hit rate';
    overview.overrideByName(name, [
      { id: 'unit', value: unit },
      ...(isRate
        ? [
            { id: 'thresholds', value: thresholds(HIT_RATE).build() },
            { id: 'custom.cellOptions', value: { type: 'color-text' } },
          ]
        : []),
    ]);
  });
  return page
    .withRow(new dashboard.RowBuilder('Methods').id(nextId()))
    .withPanel(overview)
    .withPanel(
      graph(
        'Loads by method',
        'Runs of the methods behind the cache, a second; the ten with the most misses.',
        'ops',
        {
          '{{method}}': `${sum(rate(loads), 'method')} ${busy}`,
        },
      ),
    )
    .withPanel(
      graph(
        'Load time by method, p99',
        'One load in a hundred takes longer; the ten methods with the most misses.',
        's',
        {
          '{{method}}': `${quantile(0.99, rate(loadTime), 'le, method')} ${busy}`,
        },
      ),
    )
    .withPanel(
      graph(
        'Hit rate by method',
        'Share of calls that returned a fresh value; the ten methods with the most misses.',
        'percentunit',
        {
          '{{method}}': `${hitRate(sum(rate(methodHits), 'method'), sum(rate(methodMisses), 'method'))} ${busy}`,
        },
      ).max(1),
    )
    .withPanel(
      graph(
        'Load errors',
        'Loads that failed or timed out, by method; and failures of the store, which no caller sees.',
        'ops',
        {
          '{{method}}': `${sum(rate(cache('cache_method_load_errors_total')), 'method')} ${busiest('method', cache('cache_method_load_errors_total'))}`,
          'of the store': sum(rate(cache('cache_errors_total'))),
        },
      ).overrideByName('of the store', color('red')),
    )
    .withPanel(
      durations(
        'Load times',
        'How many loads took how long; a mark of slow ones beside fast ones means two causes.',
        loadTime,
      ),
    )
    .withPanel(
      graph(
        'Time saved',
        'Time that hits saved, each second: the mean load time of the method at each hit.',
        's',
        {
          '{{method}}': `${sum(rate(cache('cache_method_time_saved_seconds_total')), 'method')} ${busiest('method', methodHits)}`,
        },
      ),
    );
}

const page = new dashboard.DashboardBuilder('aurora-cache')
  .uid('aurora-cache')
  .description('Caches, methods and requests of services with aurora-cache.')
  .tags(['aurora-cache'])
  .version(2)
  .time({ from: 'now-1h', to: 'now' })
  .refresh('10s')
  .timezone('browser')
  .tooltip(dashboard.DashboardCursorSync.Crosshair);
for (const part of [variables, annotations, overview, caches, methods, requestsOf]) part(page);
const text = `${JSON.stringify(page.build(), null, 2)}\n`;

if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('docs/deploy/grafana/dashboard.json is out of date: npm run build:dashboard');
  process.exitCode = 1;
}
