import { AsyncLocalStorage } from 'node:async_hooks';

import type { CacheManager } from '../cache/manager.js';
import type { PerformanceApi } from './api.js';
import type { CacheCounts } from './headers.js';

/**
 * Counts what each request asks of the cache. A difference of the cache's counters would count the
 * requests in between as well; so the cache's events are listened to, each of which comes in the
 * context of the call it belongs to. That takes decorated methods their shortest path, hence only
 * on demand.
 *
 * @internal
 */
export class CacheScope {
  private readonly requests = new AsyncLocalStorage<CacheCounts>();
  private heard: CacheManager | undefined;

  constructor(private readonly api: PerformanceApi) {}

  /** Runs a request's handler, and counts into `counts` what it asks of the cache. */
  run<T>(counts: CacheCounts, handler: () => T): T {
    this.listen();
    return this.requests.run(counts, handler);
  }

  /** The same for what the caller goes on to do. */
  enter(counts: CacheCounts): void {
    this.listen();
    this.requests.enterWith(counts);
  }

  /** The default cache may have become another one. */
  private listen(): void {
    const { cache } = this.api;
    if (cache === this.heard) return;
    this.heard?.off('hit', this.hit).off('miss', this.miss);
    this.heard = cache.on('hit', this.hit).on('miss', this.miss);
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
