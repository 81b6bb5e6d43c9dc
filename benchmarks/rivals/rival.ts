/**
 * Puts a cache in front of a function, as the rival's README says is fast.
 *
 * @param name - Tells functions of one cache apart.
 * @param keyOf - What tells the items apart, where the rival does not do so itself.
 */
export type Memoize = <T>(
  name: string,
  load: (item: T) => Promise<object>,
  keyOf: (item: T) => string,
) => (item: T) => Promise<object>;

/** A rival's cache. */
export interface RivalCache {
  readonly memoize: Memoize;
  /** Ends what would go on; one in Redis ends with its process. */
  close?(): unknown;
}

/** How a user would set a rival up. */
export interface Rival {
  readonly name: string;
  /** Where it does less, or other, work than we do. */
  readonly note?: string;
  /** A cache in the process, for so many entries that live for five minutes. */
  inMemory?(entries: number): RivalCache | Promise<RivalCache>;
  /** Whether entries in memory expire. */
  readonly hasTtl?: boolean;
  /** A cache in Redis, without one in memory; entries live for an hour. */
  inRedis?(url: string): RivalCache | Promise<RivalCache>;
}

export const TTL_SECONDS = 300;
export const REDIS_TTL_SECONDS = 3600;
