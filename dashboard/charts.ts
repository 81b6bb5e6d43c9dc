import uPlot from 'uplot';

import { byId, element } from './dom';
import { duration, type Sample } from './samples';

/** Fifteen minutes at one sample in two seconds. */
const MOST = 450;

const color = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

type Show = (value: number) => string;

const COLORS = ['--a', '--b', '--c'];

/** One chart over time, with the latest values, or those under the pointer, as its legend. */
class Chart {
  private readonly plot: uPlot;
  private readonly box: HTMLElement;

  constructor(
    private readonly id: string,
    private readonly names: readonly (keyof Sample)[],
    private readonly labels: readonly string[],
    private readonly show: Show,
    range: uPlot.Scale.Range,
  ) {
    this.box = byId(`c-${id}`);
    const axis: uPlot.Axis = {
      stroke: () => color('--quiet'),
      font: '11px system-ui, sans-serif',
      grid: { stroke: () => color('--grid'), width: 1 },
      ticks: { show: false },
    };
    this.plot = new uPlot(
      {
        ...{ width: this.box.clientWidth, height: 200, legend: { show: false } },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
        scales: { y: { range } },
        axes: [
          { ...axis, space: 80 },
          { ...axis, size: 58, space: 40, values: (_, ticks) => ticks.map(show) },
        ],
        series: [
          {},
          ...names.map((_, i) => ({
            stroke: () => color(COLORS[i] ?? '--a'),
            width: 2,
            points: { show: false },
            ...(names.length === 1 ? { fill: () => `${color('--a')}1a` } : {}),
          })),
        ],
        hooks: { setCursor: [() => this.legend()] },
      },
      [[], ...names.map(() => [])],
      this.box,
    );
    new ResizeObserver(() => {
      this.plot.setSize({ width: this.box.clientWidth, height: 200 });
    }).observe(this.box);
  }

  set(times: number[], samples: readonly Sample[]): void {
    this.plot.setData([times, ...this.names.map((name) => samples.map((one) => one[name]))]);
    this.legend();
  }

  redraw(): void {
    this.plot.redraw(false, true);
  }

  private legend(): void {
    const at = this.plot.cursor.idx ?? this.plot.data[0].length - 1;
    const parts = this.labels.map((label, i) => {
      const value = this.plot.data[i + 1]?.[at];
      const part = element('span', '');
      const text = value === null || value === undefined ? '–' : this.show(value);
      part.append(element('i', '', `k${i}`), `${label} `, element('b', text));
      return part;
    });
    byId(`l-${this.id}`).replaceChildren(...parts);
  }
}

const fromZero: uPlot.Scale.Range = (_, __, max) => [0, max > 0 ? max * 1.15 : 1];

export class Charts {
  private times: number[] = [];
  private samples: Sample[] = [];
  private readonly all = [
    new Chart('hit', ['hitRate'], ['now'], (value) => `${+value.toFixed(1)} %`, [0, 102]),
    new Chart('rate', ['rate'], ['now'], (value) => `${+value.toFixed(1)}/s`, fromZero),
    new Chart('dur', ['p50', 'p90', 'p99'], ['p50', 'p90', 'p99'], shortly, fromZero),
  ];

  add(time: number, sample: Sample): void {
    this.times = [...this.times, time].slice(-MOST);
    this.samples = [...this.samples, sample].slice(-MOST);
    for (const chart of this.all) chart.set(this.times, this.samples);
  }

  clear(): void {
    this.times = [];
    this.samples = [];
    for (const chart of this.all) chart.set([], []);
  }

  redraw(): void {
    for (const chart of this.all) chart.redraw();
  }
}

function shortly(seconds: number): string {
  return seconds === 0 ? '0' : duration(seconds).join(' ');
}
