// Parts that the panels of the dashboard share; see dashboard.mjs.
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

export const source = { type: 'prometheus', uid: '${datasource}' };

const OF_INSTANCE = 'job=~"$job", instance=~"$instance"';
const OF_CACHE = `job=~"$job", cache=~"$cache", instance=~"$instance"`;
export const cache = (metric, more = '') => `${metric}{${OF_CACHE}${more}}`;
export const http = (metric, more = '') => `${metric}{${OF_INSTANCE}${more}}`;
export const rate = (series) => `rate(${series}[$__rate_interval])`;
export const sum = (series, by) => `sum${by ? ` by (${by})` : ''} (${series})`;
export const hitRate = (hits, misses) => `${hits} / (${hits} + ${misses})`;
/** The ten with the most in the whole range, so that series do not come and go. */
export const busiest = (by, counter) =>
  `and on (${by}) topk(10, ${sum(`increase(${counter}[$__range] @ end())`, by)})`;
export const quantile = (q, buckets, by = 'le') => `histogram_quantile(${q}, ${sum(buckets, by)})`;

export const query = (refId, expr, legend = '') =>
  new prometheus.DataqueryBuilder().refId(refId).expr(expr).legendFormat(legend).datasource(source);
const series = (panel, targets) =>
  Object.entries(targets).forEach(([legend, expr], i) =>
    panel.withTarget(query(String.fromCharCode(65 + i), expr, legend)),
  );
export const thresholds = (steps) =>
  new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(steps.map(([color, value = null]) => ({ color, value })));
const fixed = (color) =>
  new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Fixed).fixedColor(color);
export const color = (name) => [{ id: 'color', value: { mode: 'fixed', fixedColor: name } }];

let id = 0;
/** Of panels and rows. */
export const nextId = () => ++id;
/** Starts a panel with the settings that all have. */
export const begun = (panel, title, description, unit, width, height) =>
  panel
    .id(nextId())
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(source)
    .span(width)
    .height(height);

export function number(title, description, unit, expr, steps) {
  const panel = begun(new stat.PanelBuilder(), title, description, unit, 3, 4)
    .withTarget(query('A', expr))
    .graphMode(common.BigValueGraphMode.Area)
    .colorMode(common.BigValueColorMode.Value)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  // Green and red mean something, or there is neither.
  return steps ? panel.thresholds(thresholds(steps)) : panel.colorScheme(fixed('blue'));
}

export function graph(title, description, unit, targets, height = 9) {
  const panel = begun(new timeseries.PanelBuilder(), title, description, unit, 12, height)
    .min(0)
    .lineWidth(2)
    .fillOpacity(8)
    .showPoints(common.VisibilityMode.Never)
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    )
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['mean', 'max', 'lastNotNull']),
    );
  series(panel, targets);
  return panel;
}

export function durations(title, description, buckets) {
  return begun(new heatmap.PanelBuilder(), title, description, 'short', 12, 9)
    .withTarget(
      query('A', sum(`increase(${buckets}[$__rate_interval])`, 'le'), '{{le}}').format(
        prometheus.PromQueryFormat.Heatmap,
      ),
    )
    .calculate(false)
    .yAxis(new heatmap.YAxisConfigBuilder().unit('s'))
    .color(
      new heatmap.HeatmapColorOptionsBuilder()
        .mode(heatmap.HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .steps(64),
    )
    .showLegend();
}
