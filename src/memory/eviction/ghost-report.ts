/** How a store of another size, or with other lives, would have done. */
export interface GhostEstimate {
  /** The multiple of the present size, or of the present lives. */
  readonly times: number;
  /** Reads that would have been hits, in percent. */
  readonly hitRate: number;
  /** Margin of error of `hitRate`, in percentage points (95 % confidence). */
  readonly error: number;
  /**
   * Milliseconds of load time that would have been saved on top of those that were; negative for more
   * load time, `undefined` when no load was measured.
   */
  readonly timeSavedMs: number | undefined;
}

/** A share in percent, and its margin of error in percentage points (95 % confidence). */
export interface Estimate {
  readonly percent: number;
  readonly error: number;
}

/** How a store with other lives would have done. */
export interface LifeEstimate extends GhostEstimate {
  /** Of its hits, those whose value would have changed at its source; `undefined` when not known. */
  readonly outOfDate: Estimate | undefined;
}

/** Estimates from a sample of the keys. */
export interface GhostReport {
  /** Reads on which the report is based; earlier ones count less. */
  readonly reads: number;
  /** Those that were hits, in percent. */
  readonly hitRate: number;
  /** At another size. */
  readonly sizes: readonly GhostEstimate[];
  /** With other lives; none until an entry has expired. */
  readonly lives: readonly LifeEstimate[];
  /**
   * Of the hits, those whose value had changed at its source, by what expired entries returned when they
   * were loaded again; `undefined` until enough of them were.
   */
  readonly outOfDate: Estimate | undefined;
}
