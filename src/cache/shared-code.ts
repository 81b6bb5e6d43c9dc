/**
 * The code of the cache that only a shared tier needs; see `core/lazy-code.ts`.
 */
export { acquireLoadLease, forceAcquireLease } from './lease/acquire.js';
export { chunksOf, inChunks, removeChunks, storeChunks } from './write/bulk-chunks.js';
