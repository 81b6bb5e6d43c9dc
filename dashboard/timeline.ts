import { NOTHING, type Sample } from './samples.js';

/** In seconds. */
const LONGEST = 15 * 60;
/** In seconds: a chart that has just begun is not stretched. */
export const SHORTEST = 60;
/** More than are asked for in that time; whoever asks faster sees less. */
const MOST_SAMPLES = 450;

/** The samples of the last quarter of an hour. */
export class Timeline {
  times: number[] = [];
  samples: Sample[] = [];

  /** @param now - In seconds, as everywhere here. */
  constructor(now: number) {
    this.clear(now);
  }

  add(sample: Sample, now: number): void {
    // The clock was set back: lines would run into each other.
    if (now <= (this.times.at(-1) ?? now)) this.clear(now - 1);
    const since = this.times.findIndex((time) => time >= now - LONGEST);
    const first = since === -1 ? this.times.length : since;
    this.times = [...this.times.slice(first), now].slice(-MOST_SAMPLES);
    this.samples = [...this.samples.slice(first), sample].slice(-MOST_SAMPLES);
  }

  clear(now: number): void {
    // Never empty, and never one: the charts would take that for a day, or for the year 1970.
    this.times = [now - SHORTEST, now];
    this.samples = [NOTHING, NOTHING];
  }
}
