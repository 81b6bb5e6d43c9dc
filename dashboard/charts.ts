import uPlot from 'uplot';

import { byId, element } from './dom.js';
import { spelt } from './format.js';
import { NOTHING, type Sample } from './samples.js';

/** Fifteen minutes at one sample in two seconds. */
const MOST_SAMPLES = 450;
/** Of time, in seconds: a chart that has just begun is not stretched. */
const LEAST_RANGE = 60;
const FONT = '11px system-ui, sans-serif';
/** Of the lines, first to last. */
const COLORS = ['--a', '--b', '--c'];

type Show = (value: number) => string;

interface ChartOptions {
  readonly id: string;
  /** What its lines show, and are called. */
  readonly lines: readonly (readonly [name: keyof Sample, label: string])[];
  readonly show: Show;
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
    const { id, lines } = options;
    this.box = byId(`c-${id}`);
    // Not empty: uPlot would take a time of nothing for the year 1970.
    const nothing = lines.map(() => [null]);
    this.plot = new uPlot(this.plotOptions(), [[now()], ...nothing], this.box);
    new ResizeObserver(() => {
      this.plot.setSize(sizeOf(this.box));
    }).observe(this.box);
  }

  set(times: number[], samples: readonly Sample[]): void {
    const values = this.options.lines.map(([name]) => samples.map((one) => one[name]));
    this.plot.setData([times, ...values]);
    this.legend();
  }

  redraw(): void {
    this.plot.redraw(false, true);
  }

  private plotOptions(): uPlot.Options {
    const { lines, show, range, isLogarithmic = false } = this.options;
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
        { ...axis, size: 24, space: 80, values: (_, ticks) => ticks.map(timeOfDay) },
        {
          ...axis,
          ...{ size: 58, space: 36, values: (_, ticks) => ticks.map(show) },
          ...(isLogarithmic ? { splits: powersOfTen } : {}),
        },
      ],
      series: [
        {},
        ...lines.map((_, i) => ({
          stroke: () => color(COLORS[i] ?? '--a'),
          width: 2,
          points: { show: false },
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
    byId(`l-${id}`).replaceChildren(element('span', isNow ? 'now' : timeOfDay(time)), ...parts);
  }
}

const timeRange: uPlot.Range.Function = (_, min, max) => [Math.min(min, max - LEAST_RANGE), max];
const fromZero: uPlot.Range.Function = (_, __, max) => [0, max > 0 ? max * 1.15 : 1];
/** Whole powers of ten around what there is, so that fast and slow are seen at once. */
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

const rounded: Show = (value) => String(Number(value.toFixed(1)));
const timeOfDay: Show = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString([], { hourCycle: 'h23' });

const CHARTS: readonly ChartOptions[] = [
  {
    id: 'hit',
    lines: [['hitRate', '']],
    show: (value) => `${rounded(value)} %`,
    range: [0, 102],
  },
  {
    id: 'rate',
    lines: [['rate', '']],
    show: (value) => `${rounded(value)}/s`,
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
    range: decades,
    isLogarithmic: true,
  },
];

/** The charts, all over the same time. */
export class Charts {
  private times = [now()];
  private samples = [NOTHING];
  private readonly all = CHARTS.map((options) => new Chart(options));

  add(sample: Sample): void {
    this.times = [...this.times, now()].slice(-MOST_SAMPLES);
    this.samples = [...this.samples, sample].slice(-MOST_SAMPLES);
    this.show();
  }

  clear(): void {
    this.times = [now()];
    this.samples = [NOTHING];
    this.show();
  }

  redraw(): void {
    for (const chart of this.all) chart.redraw();
  }

  private show(): void {
    for (const chart of this.all) chart.set(this.times, this.samples);
  }
}
