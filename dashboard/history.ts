import type { Stats } from './responses.js';
import { NOTHING, sampleOf, type Sample } from './samples.js';

/** A time by two clocks, in milliseconds: one that is never set, one that goes on in sleep. */
export interface Moment {
  readonly steady: number;
  readonly wall: number;
}

interface Entry {
  readonly stats: Stats;
  readonly at: Moment;
}

/** The last responses: the difference between two of them shows what happened in between. */
export class History {
  private entries: Entry[] = [];

  /**
   * @param spanMs - How far back to look, if there are responses of that time; 0 for the last one.
   * @returns `undefined` for the first response.
   */
  add(stats: Stats, at: Moment, spanMs: number): Sample | undefined {
    // Older than what is needed is only the first.
    while (this.entries[1] !== undefined && msBetween(this.entries[1].at, at) >= spanMs) {
      this.entries.shift();
    }
    const [first] = this.entries;
    const sample = first && sampleOf(first.stats, stats, msBetween(first.at, at) / 1000);
    if (sample === NOTHING) this.clear();
    this.entries.push({ stats, at });
    return sample;
  }

  clear(): void {
    this.entries = [];
  }
}

/** The time between them, by the clock that advanced further. */
function msBetween(before: Moment, after: Moment): number {
  return Math.max(after.steady - before.steady, after.wall - before.wall);
}
