import { AsyncLocalStorage } from 'node:async_hooks';

import type { CacheManager } from '../../cache/manager.js';
import type { PerformanceApi } from '../api/api.js';
import type { CacheCounts } from './headers.js';

/**
 * Counts the cache hits and misses of each request. A difference of the cache's counters would include concurrent
 * requests, so this listens to cache events, which run in the async context of their call. It is an option,
 * because listeners turn off the fast path of decorated methods.
 *
 * @internal
 */
export class RequestCacheCounter {
  private readonly requests = new AsyncLocalStorage<CacheCounts>();
  private source: CacheManager | undefined;

  constructor(private readonly api: PerformanceApi) {}

  /** Runs the handler of a request and counts its hits and misses into `counts`. */
  run<T>(counts: CacheCounts, handler: () => T): T {
    this.listen();
    return this.requests.run(counts, handler);
  }

  /** Counts for the rest of the caller's async context. */
  enter(counts: CacheCounts): void {
    this.listen();
    this.requests.enterWith(counts);
  }

  /** Follows the default cache, which `configureCache` may have replaced. */
  private listen(): void {
    const { cache } = this.api;
    if (cache === this.source) return;
    this.source?.off('hit', this.hit).off('miss', this.miss);
    this.source = cache.on('hit', this.hit).on('miss', this.miss);
  }

  private readonly hit = (): void => {
    const counts = this.requests.getStore();
    if (counts !== undefined) counts.hits++;
  };

  private readonly miss = (): void => {
    const counts = this.requests.getStore();
    if (counts !== undefined) counts.misses++;
  };
}
