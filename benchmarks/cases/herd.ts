/** Duration of a load: a query that is worth caching. */
export const LOAD_MS = 50;

/** The result of a herd in one process. */
export interface Herd {
  readonly loads: number;
  readonly ms: number;
}
