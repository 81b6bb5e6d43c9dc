import type { Cell, Table } from '../harness/report.js';
import { COST_MODELS, costsOf, timeSaved, unboundedHits, type CostModel } from './costs.js';
import { offBy, type Forecast } from './forecasts.js';
import { total } from './replay.js';
import type { Outcome } from './simulate.js';
import type { Trace } from './trace.js';

/** Which traces were replayed. */
export function traceTable(traces: readonly Trace[], notes: readonly string[]): Table {
  return {
    title: 'Traces',
    columns: ['', 'format', 'requests', 'keys'],
    rows: traces.map(({ name, origin, requests, keys }) => [name, origin, requests.length, keys]),
    notes,
  };
}

/** Hits in percent of the requests. */
export function hitTable(outcomes: readonly Outcome[], notes: readonly string[]): Table {
  const names = namesOf(outcomes);
  const ratios = (outcome: Outcome): number[] => [
    ...names.map((name) => hitRatio(outcome, name)),
    outcome.optimum / outcome.trace.requests.length,
  ];
  return {
    title: 'Hit ratio in %',
    columns: ['', ...names, 'optimum'],
    rows: rowsOf(outcomes, ratios),
    notes: [...notes, "optimum: Bélády's, of a policy that knows the future."],
  };
}

/** Hits in percent of the hits that are possible. */
export function optimumTable(outcomes: readonly Outcome[]): Table {
  const names = namesOf(outcomes);
  return {
    title: "Share of Bélády's optimum in %",
    columns: ['', ...names],
    rows: rowsOf(outcomes, (outcome) => names.map((name) => shareOfOptimum(outcome, name))),
  };
}

/** How far the hit ratios are above or below those of the first store, over all traces and sizes. */
export function differenceTable(outcomes: readonly Outcome[]): Table {
  const [base = '', ...others] = namesOf(outcomes);
  const differences = others.map((name) =>
    outcomes.map((outcome) => 100 * (hitRatio(outcome, name) - hitRatio(outcome, base))),
  );
  const row = (title: string, figure: (points: readonly number[]) => number): Cell[] => [
    title,
    ...differences.map((points) => figure(points).toFixed(1)),
  ];
  return {
    title: `Hit ratio, points above that of ${base}`,
    columns: ['', ...others],
    rows: [
      row('mean', (points) => points.reduce((sum, point) => sum + point, 0) / points.length),
      row('lowest', (points) => Math.min(...points)),
      row('highest', (points) => Math.max(...points)),
    ],
  };
}

/** One row per trace and size, and the mean of the traces for each size. */
function rowsOf(outcomes: readonly Outcome[], shares: (outcome: Outcome) => number[]): Cell[][] {
  const each = outcomes.map((outcome) => [
    `${outcome.trace.name}, ${outcome.entries}`,
    ...shares(outcome).map(percent),
  ]);
  const means = bySize(outcomes).map(([label, some]) => [
    `mean, ${label}`,
    ...meansOf(some.map(shares)).map(percent),
  ]);
  return [...each, ...means];
}

/** The load time that hits saved, in percent of that of all requests: the mean of all traces. */
export function timeTable(outcomes: readonly Outcome[], seed: number): Table {
  const weighing = [...(outcomes[0]?.weighed.keys() ?? [])];
  const rows = COST_MODELS.flatMap((model) =>
    bySize(outcomes).map(([label, some]): Cell[] => {
      const shares = some.map((outcome) => sharesOfTime(outcome, model, seed));
      return [`${model.name}; ${label}`, ...meansOf(shares).map(percent)];
    }),
  );
  return {
    title: 'Time saved in % of the load time, mean of the traces',
    columns: [
      '',
      ...namesOf(outcomes),
      ...weighing.map((name) => `${name}, by costs`),
      'unbounded',
    ],
    rows,
    notes: [
      'All stores have the same load times; by costs: `put` gets the cost of each load.',
      'unbounded: a cache that evicts nothing.',
    ],
  };
}

/** The columns of {@link timeTable} for one trace and size. */
function sharesOfTime(outcome: Outcome, model: CostModel, seed: number): number[] {
  const { trace, hits, weighed } = outcome;
  const costs = costsOf(model, trace.keys, seed);
  const all = [
    ...hits.values(),
    ...[...weighed.values()].map((byModel) => byModel.get(model.name) as Uint32Array),
    unboundedHits(trace),
  ];
  return all.map((found) => timeSaved(trace, found, costs));
}

/** The mean share of the load time that a store saves, without and with the costs of loads. */
export function meanTimes(
  outcomes: readonly Outcome[],
  model: CostModel,
  name: string,
  seed: number,
): { byHits: number; byCosts: number } {
  const shares = outcomes.map(({ trace, hits, weighed }) => {
    const costs = costsOf(model, trace.keys, seed);
    const all = [hits.get(name), weighed.get(name)?.get(model.name)];
    return all.map((found) => (found === undefined ? NaN : timeSaved(trace, found, costs)));
  });
  const [byHits = NaN, byCosts = NaN] = meansOf(shares);
  return { byHits, byCosts };
}

/** The adaptive store's estimates for other sizes and lives, and the results of such runs. */
export function forecastTable(forecasts: readonly Forecast[]): Table {
  return {
    title: 'Estimates of other sizes and lives, hit ratios in %',
    columns: ['', 'estimate', 'error', 'measured', 'off by'],
    rows: forecasts.map((forecast) => {
      const { trace, entries, option, times, estimate, error, measured } = forecast;
      const figures = [estimate, error, measured, offBy(forecast)];
      return [
        `${trace.name}, ${entries}: ${option} × ${times}`,
        ...figures.map((figure) => figure.toFixed(1)),
      ];
    }),
    notes: [
      'error: the error that the store states, in percentage points.',
      'life: entries expire after three times as many requests as there are entries.',
    ],
  };
}

/** The mean of a store's shares of the optimum. */
export function meanShare(outcomes: readonly Outcome[], name: string): number {
  return meansOf(outcomes.map((outcome) => [shareOfOptimum(outcome, name)]))[0] ?? NaN;
}

function hitRatio(outcome: Outcome, name: string): number {
  return total(hitsOf(outcome, name)) / outcome.trace.requests.length;
}

/** Where no hit is possible, every policy is optimal. */
function shareOfOptimum(outcome: Outcome, name: string): number {
  return outcome.optimum === 0 ? 1 : total(hitsOf(outcome, name)) / outcome.optimum;
}

function namesOf(outcomes: readonly Outcome[]): string[] {
  return [...(outcomes[0]?.hits.keys() ?? [])];
}

function hitsOf({ hits }: Outcome, name: string): Uint32Array {
  const found = hits.get(name);
  if (found === undefined) throw new Error(`There is no store '${name}'.`);
  return found;
}

function bySize(outcomes: readonly Outcome[]): [label: string, outcomes: Outcome[]][] {
  const labels = [...new Set(outcomes.map(({ size }) => size.label))];
  return labels.map((label) => [label, outcomes.filter(({ size }) => size.label === label)]);
}

/** The mean of each column. */
function meansOf(rows: readonly (readonly number[])[]): number[] {
  const sums = (rows[0] ?? []).map((_, i) => rows.reduce((sum, row) => sum + (row[i] ?? NaN), 0));
  return sums.map((sum) => sum / rows.length);
}

const percent = (share: number): string => (100 * share).toFixed(1);
