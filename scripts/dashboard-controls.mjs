// Marks and variables of the dashboard; see dashboard.mjs.
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';

import { cache, source } from './dashboard-panels.mjs';

/** Marks on all graphs. */
export function annotations(page) {
  const mark = (name, color, title, expr) =>
    page.annotation(
      new dashboard.AnnotationQueryBuilder()
        .name(name)
        .datasource(source)
        .enable(true)
        .iconColor(color)
        .expr(expr)
        .step('15s')
        .titleFormat(title),
    );
  const clears = (range) =>
    `sum by (cache, instance) (increase(${cache('cache_clears_total')}[${range}]))`;
  const isThere = (offset = '') => `count by (instance) (${cache('cache_enabled')}${offset})`;
  mark(
    'Clears',
    'purple',
    '{{cache}} was cleared on {{instance}}',
    // Not where they are nothing special: @CacheEvict with a pattern clears with every write.
    `${clears('1m')} > 0 unless ${clears('1h')} > 30`,
  );
  mark(
    'Breaker',
    'red',
    'Redis does not answer {{instance}} ({{cache}})',
    `max by (cache, instance) (${cache('cache_breaker_state', ', status="open"')}) == 1`,
  );
  mark(
    'Deploys',
    'blue',
    '{{instance}} started',
    `${isThere()} unless ${isThere(' offset 1m')} or max by (instance) (resets(${cache('cache_hits_total')}[1m])) > 0`,
  );
  return page;
}

export function variables(page) {
  const all = { text: 'All', value: '$__all' };
  const of = (name, label, metric) =>
    new dashboard.QueryVariableBuilder(name)
      .label(label)
      .datasource(source)
      .query({ query: `label_values(${metric}, ${name})`, refId: name })
      .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
      .sort(dashboard.VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .current(all);
  return page
    .withVariable(
      new dashboard.DatasourceVariableBuilder('datasource')
        .label('Source')
        .type('prometheus')
        .current({ text: 'Prometheus', value: 'prometheus' }),
    )
    .withVariable(of('job', 'Job', 'cache_hits_total'))
    .withVariable(of('cache', 'Cache', 'cache_hits_total{job=~"$job"}').allValue('.*'))
    .withVariable(of('instance', 'Instance', 'cache_hits_total{job=~"$job"}').allValue('.*'));
}
