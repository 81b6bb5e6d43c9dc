/** Duration of a load, like that of a query worth caching. */
export const LOAD_MS = 50;

/** The result of a herd in one process. */
export interface Herd {
  readonly loads: number;
  readonly ms: number;
}
