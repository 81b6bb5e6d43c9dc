import type { RunReport } from './protocol.js';

const MAX_EXAMPLES = 5;

type Count = 'reads' | 'writes' | 'loads' | 'failed' | 'unchecked' | 'stale' | 'ownStale';

/** The findings of one process in a run. */
export class Findings {
  readonly count: Record<Count, number> = {
    ...{ reads: 0, writes: 0, loads: 0 },
    ...{ failed: 0, unchecked: 0, stale: 0, ownStale: 0 },
  };
  readonly errors = new Set<string>();
  private readonly examples: string[] = [];
  private longestMs = -1;
  private longestDeafMs = -1;
  private lateMs = 0;

  report(): RunReport {
    const { count, longestMs, longestDeafMs, lateMs, examples, errors } = this;
    return { ...count, longestMs, longestDeafMs, lateMs, examples, errors: [...errors] };
  }

  /** A round trip of a plain client took so much longer than planned. */
  late(ms: number): void {
    this.lateMs = Math.max(this.lateMs, Math.ceil(ms));
  }

  /**
   * A read returned a version that had been out of date for so long when it began.
   *
   * @param isDeaf - The process knew that it received no messages.
   * @param example - Kept within the limit, and if it is worse than those before or `isEach` is set.
   */
  stale(ms: number, isDeaf: boolean, example: string, isEach: boolean): void {
    this.count.stale++;
    if (isEach || ms > this.longestMs) this.example(example);
    if (isDeaf) this.longestDeafMs = Math.max(this.longestDeafMs, ms);
    else this.longestMs = Math.max(this.longestMs, ms);
  }

  /** A read returned a version older than one that this process itself got acknowledged. */
  ownStale(example: string): void {
    this.count.ownStale++;
    this.example(example);
  }

  private example(text: string): void {
    if (this.examples.length < MAX_EXAMPLES) this.examples.push(text);
  }
}
