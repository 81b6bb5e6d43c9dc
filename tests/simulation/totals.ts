import type { Outcome } from './simulation.js';

/** The totals over many seeds. */
export class Totals {
  seeds = 0;
  events = 0;
  reads = 0;
  loads = 0;
  /** Reads of an old version while its news was on the way: within the bound. */
  longestStaleMs = 0;
  longestMs = 0;
  readonly failed: number[] = [];

  add(outcome: Outcome): void {
    this.seeds++;
    this.events += outcome.events;
    this.reads += outcome.reads;
    this.loads += outcome.loads;
    this.longestStaleMs = Math.max(this.longestStaleMs, outcome.longestStaleMs);
    this.longestMs = Math.max(this.longestMs, outcome.longestMs);
    if (outcome.violations.length > 0) this.failed.push(outcome.seed);
  }

  /** Takes those of another process over. */
  merge(other: Omit<Totals, 'add' | 'merge' | 'toString'>): void {
    this.seeds += other.seeds;
    this.events += other.events;
    this.reads += other.reads;
    this.loads += other.loads;
    this.longestStaleMs = Math.max(this.longestStaleMs, other.longestStaleMs);
    this.longestMs = Math.max(this.longestMs, other.longestMs);
    this.failed.push(...other.failed);
  }

  toString(): string {
    const { seeds, events, reads, loads, longestStaleMs, longestMs } = this;
    return (
      `${seeds} seeds, ${events} events, ${reads} reads, ${loads} loads; an old version was in ` +
      `memory for at most ${longestStaleMs} ms (virtual) after the acknowledgement, the longest ` +
      `call took ${longestMs} ms (virtual)`
    );
  }
}
