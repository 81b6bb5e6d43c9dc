/** Bounds of the shared tier. */
export const STORE_LIMITS = {
  /** Keys, and as many tags, logged by name while the shared tier is unavailable. */
  pendingKeys: 10_000,
  /** Further keys, logged as hashes. Beyond them, the whole namespace counts as out of date. */
  pendingHashes: 1_000_000,
  pendingPatterns: 100,
  /** Tags invalidated by one command; more are sent in chunks, one after the other. */
  tagsPerCommand: 128,
  /** Acknowledged invalidations that a process can repeat after Redis has lost them. */
  journalEntries: 10_000,
  /** After the failover of a cluster's shard: how far before the former primary was last seen to repeat, in ms. */
  shardReplayMs: 60_000,
  /** How far in the future an entry of a store without a clock may have been created, in ms. */
  futureMs: 60_000,
} as const;
