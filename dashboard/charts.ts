import uPlot from 'uplot';

import { byId, element } from './dom.js';
import { brief, clockTime, frequency, percent, spelt } from './format.js';
import type { Sample } from './samples.js';
import { SHORTEST, Timeline } from './timeline.js';

const FONT = '11px system-ui, sans-serif';
/** Colours of the lines, in order. */
const COLORS = ['--a', '--b', '--c'];

type Show = (value: number) => string;

interface ChartOptions {
  readonly id: string;
  /** The samples to plot, with their labels. */
  readonly lines: readonly (readonly [name: keyof Sample, label: string])[];
  readonly show: Show;
  /** Shorter, for the axis. */
  readonly showTick: Show;
  readonly range: uPlot.Range.MinMax | uPlot.Range.Function;
  readonly isLogarithmic?: boolean;
}

const color = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const now = (): number => Date.now() / 1000;

const sizeOf = ({ clientWidth, clientHeight }: HTMLElement): { width: number; height: number } => ({
  width: clientWidth,
  height: clientHeight,
});

/** One chart over time, with the latest values, or those under the pointer, as its legend. */
class Chart {
  private readonly plot: uPlot;
  private readonly box: HTMLElement;

  constructor(private readonly options: ChartOptions) {
    this.box = byId(`c-${options.id}`);
    this.plot = new uPlot(this.plotOptions(), undefined, this.box);
    new ResizeObserver(() => {
      this.plot.setSize(sizeOf(this.box));
    }).observe(this.box);
  }

  set({ times, samples }: Timeline): void {
    const values = this.options.lines.map(([name]) => samples.map((one) => one[name]));
    this.plot.setData([times, ...values]);
    this.legend();
  }

  redraw(): void {
    this.plot.redraw(false, true);
  }

  private plotOptions(): uPlot.Options {
    const { lines, showTick, range, isLogarithmic = false } = this.options;
    const axis: uPlot.Axis = {
      stroke: () => color('--quiet'),
      font: FONT,
      grid: { stroke: () => color('--grid'), width: 1 },
      ticks: { show: false },
    };
    const fill = { fill: () => `${color('--a')}1a` };
    return {
      ...sizeOf(this.box),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: { x: { range: timeRange }, y: { range, ...(isLogarithmic ? { distr: 3 } : {}) } },
      axes: [
        { ...axis, size: 24, space: 80, values: (_, ticks) => ticks.map(clockTime) },
        {
          ...axis,
          ...{ size: 58, space: 36, values: (_, ticks) => ticks.map(showTick) },
          ...(isLogarithmic ? { splits: powersOfTen } : {}),
        },
      ],
      series: [
        {},
        ...lines.map((_, i) => ({
          stroke: () => color(COLORS[i] ?? '--a'),
          width: 2,
          points: { show: false, size: 6, fill: () => color(COLORS[i] ?? '--a'), filter: lonely },
          ...(lines.length === 1 ? fill : {}),
        })),
      ],
      hooks: {
        setCursor: [
          () => {
            this.legend();
          },
        ],
      },
    };
  }

  private legend(): void {
    const { id, lines, show } = this.options;
    const { idx } = this.plot.cursor;
    const at = idx ?? this.plot.data[0].length - 1;
    const time = this.plot.data[0][at];
    const isNow = idx === null || idx === undefined || time === undefined;
    const parts = lines.map(([, label], i) => {
      const value = this.plot.data[i + 1]?.[at];
      const part = element('span');
      const text = value === null || value === undefined ? '–' : show(value);
      part.append(element('i', '', `k${String(i)}`), label, element('b', text));
      return part;
    });
    byId(`l-${id}`).replaceChildren(element('span', isNow ? 'now' : clockTime(time)), ...parts);
  }
}

/** Values between two gaps, which would be invisible without a point. */
const lonely: uPlot.Series.Points.Filter = ({ data }, line) => {
  const values = data[line] ?? [];
  const isMissing = (i: number): boolean => (values[i] ?? null) === null;
  return Array.from(values.keys()).filter(
    (i) => !isMissing(i) && isMissing(i - 1) && isMissing(i + 1),
  );
};

const timeRange: uPlot.Range.Function = (_, min, max) => [Math.min(min, max - SHORTEST), max];
const fromZero: uPlot.Range.Function = (_, __, max) => [0, max > 0 ? max * 1.15 : 1];
/** Whole powers of ten around the data, so that both fast and slow values are visible. */
const decades: uPlot.Range.Function = (_, min, max) => {
  if (!(min > 0 && max > 0)) return [0.001, 1];
  const first = Math.floor(Math.log10(min));
  return [10 ** first, 10 ** Math.max(Math.ceil(Math.log10(max)), first + 1)];
};

const powersOfTen = (_: uPlot, __: number, min: number, max: number): number[] => {
  const first = Math.round(Math.log10(min));
  return Array.from(
    { length: Math.round(Math.log10(max)) - first + 1 },
    (___, i) => 10 ** (first + i),
  );
};

const CHARTS: readonly ChartOptions[] = [
  {
    id: 'hit',
    lines: [['hitRate', '']],
    show: percent,
    showTick: (value) => `${String(value)} %`,
    range: [0, 102],
  },
  {
    id: 'rate',
    lines: [['rate', '']],
    show: frequency,
    showTick: frequency,
    range: fromZero,
  },
  {
    id: 'dur',
    lines: [
      ['p50', 'p50 '],
      ['p90', 'p90 '],
      ['p99', 'p99 '],
    ],
    show: spelt,
    showTick: brief,
    range: decades,
    isLogarithmic: true,
  },
];

/** All charts, over the same period. */
export class Charts {
  private readonly timeline = new Timeline(now());
  private readonly all = CHARTS.map((options) => new Chart(options));

  constructor() {
    this.show();
  }

  add(sample: Sample): void {
    this.timeline.add(sample, now());
    this.show();
  }

  clear(): void {
    this.timeline.clear(now());
    this.show();
  }

  redraw(): void {
    for (const chart of this.all) chart.redraw();
  }

  private show(): void {
    for (const chart of this.all) chart.set(this.timeline);
  }
}
