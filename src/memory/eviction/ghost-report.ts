/** How a store of another size, or with other lives, would have done. */
export interface GhostEstimate {
  /** The multiple of the present size, or of the present lives. */
  readonly times: number;
  /** Reads that would have been hits, in percent. */
  readonly hitRate: number;
  /** Margin of error of `hitRate`, in percentage points (95 % confidence). */
  readonly error: number;
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
  readonly lives: readonly GhostEstimate[];
}
