/** What a load takes: a query that is worth a cache. */
export const LOAD_MS = 50;

/** What one process saw of a herd. */
export interface Herd {
  readonly loads: number;
  readonly ms: number;
}
