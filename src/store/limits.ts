/** Bounds of what the shared tier remembers. */
export const STORE_LIMITS = {
  /** Keys, and as many tags, logged by name while the shared tier is unavailable. */
  pendingKeys: 10_000,
  /** Further keys, logged as hashes; beyond, the whole namespace counts as out of date. */
  pendingHashes: 1_000_000,
  pendingPatterns: 100,
  /** Tags invalidated by one command; more are sent in several chunks, one after the other. */
  tagsPerCommand: 128,
  /** Acknowledged invalidations that a process can repeat after a restart of Redis. */
  journalEntries: 10_000,
  /** After the failover of a cluster's shard: how long before its former primary was last seen. */
  shardReplayMs: 60_000,
  /** How far in the future an entry of a store without a clock may have been created, in ms. */
  futureMs: 60_000,
} as const;
