import { getCache } from '../cache/default-cache.js';
import type { CacheCore } from '../cache/core/cache-core.js';
import { CORE, type CacheManager } from '../cache/manager.js';
import type { RequestCounters } from '../stats/request-counters.js';

/** The source of request metrics: the result of `createPerformanceApi()`. */
export interface MetricsSource {
  /** The cache to show unless the option `caches` names others. */
  readonly cache: CacheManager;
  /** @internal */
  readonly recorder: RequestCounters;
}

/**
 * The caches and the API behind one set of metrics.
 *
 * @internal
 */
export class MetricsScope {
  constructor(
    private readonly caches: readonly CacheManager[] | undefined,
    public source: MetricsSource | undefined,
  ) {}

  /** One per cache, looked up at each scrape: `configureCache` may have replaced the default cache. */
  get cores(): CacheCore[] {
    const caches = this.caches ?? [this.source?.cache ?? getCache()];
    return Array.from(caches, (cache) => cache[CORE].core);
  }

  get requests(): RequestCounters | undefined {
    return this.source?.recorder;
  }
}
