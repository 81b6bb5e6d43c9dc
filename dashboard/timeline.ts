import { NOTHING, type Sample } from './samples.js';

/** In seconds. */
const LONGEST = 15 * 60;
/** In seconds: a new chart is not stretched. */
export const SHORTEST = 60;
/** More than regular polling yields in that time. */
const MAX_SAMPLES = 450;

/** The samples of the last quarter of an hour. */
export class Timeline {
  times: number[] = [];
  samples: Sample[] = [];

  /** @param now - In seconds, as everywhere here. */
  constructor(now: number) {
    this.clear(now);
  }

  add(sample: Sample, now: number): void {
    // If the clock was set back, lines would overlap.
    if (now <= (this.times.at(-1) ?? now)) this.clear(now - 1);
    const since = this.times.findIndex((time) => time >= now - LONGEST);
    const first = since === -1 ? this.times.length : since;
    this.times = [...this.times.slice(first), now].slice(-MAX_SAMPLES);
    this.samples = [...this.samples.slice(first), sample].slice(-MAX_SAMPLES);
  }

  clear(now: number): void {
    // With fewer than two points, the charts would show a day, or the year 1970.
    this.times = [now - SHORTEST, now];
    this.samples = [NOTHING, NOTHING];
  }
}
