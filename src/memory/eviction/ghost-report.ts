/** How a store of another size, or with other lives, would have done. */
export interface GhostEstimate {
  /** The multiple of the present size, or of the present lives. */
  readonly times: number;
  /** Reads that would have been hits, in percent. */
  readonly hitRate: number;
  /** Margin of error of `hitRate`, in percentage points (95 % confidence). */
  readonly error: number;
  /**
   * Milliseconds of load time that would have been saved in addition to those that were; negative for more
   * load time, `undefined` when no load was measured.
   */
  readonly timeSavedMs: number | undefined;
  /** With other lives: see {@link GhostReport.outOfDate}. */
  readonly outOfDate?: GhostReport['outOfDate'];
}

/** Estimates from a sample of the keys. */
export interface GhostReport {
  /** Reads on which the report is based; earlier ones count less. */
  readonly reads: number;
  /** Those that were hits, in percent. */
  readonly hitRate: number;
  /** At another size; none for a store of fewer than 16 entries. */
  readonly sizes: readonly GhostEstimate[];
  /** With other lives; none until entries have expired and the sample was read 320 times since. */
  readonly lives: readonly GhostEstimate[];
  /**
   * Of the hits, the share whose value had changed at its source, as far as loads of expired entries show;
   * `undefined` until there were enough. `error` is a margin in percentage points (95 % confidence).
   */
  readonly outOfDate: { readonly percent: number; readonly error: number } | undefined;
}
