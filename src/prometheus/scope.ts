import { getCache } from '../cache/default-cache.js';
import type { Engine } from '../cache/engine.js';
import { CORE, type CacheManager } from '../cache/manager.js';
import type { RequestFigures } from '../stats/request-figures.js';

/** Where the figures of requests come from: what `createPerformanceApi` returns. */
export interface MetricsSource {
  /** The cache whose figures are served where no others are named. */
  readonly cache: CacheManager;
  /** @internal */
  readonly recorder: RequestFigures;
}

/**
 * Whose figures one set of metrics shows.
 *
 * @internal
 */
export class Scope {
  constructor(
    private readonly caches: readonly CacheManager[] | undefined,
    public source: MetricsSource | undefined,
  ) {}

  /** One per cache. The default cache may become another one. */
  get engines(): Engine[] {
    const caches = this.caches ?? [this.source?.cache ?? getCache()];
    return Array.from(caches, (cache) => cache[CORE].engine);
  }

  get requests(): RequestFigures | undefined {
    return this.source?.recorder;
  }
}
