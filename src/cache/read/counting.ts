import type { CacheCore } from '../core/cache-core.js';
import type { LoadRequest } from '../load/in-flight.js';

type Counted = Pick<LoadRequest, 'key' | 'record'>;

/** @internal */
export function countHit(
  core: CacheCore,
  { key, record }: Counted,
  tier: 'memory' | 'shared',
): void {
  if (tier === 'memory') core.counters.memoryHits++;
  else core.counters.sharedHits++;
  if (record !== undefined) record.hits++;
  if (core.events.hears('hit')) core.events.emit('hit', { key, tier });
}

/** @internal */
export function countMiss(core: CacheCore, { key, record }: Counted): void {
  core.counters.misses++;
  if (record !== undefined) record.misses++;
  if (core.events.hears('miss')) core.events.emit('miss', { key });
}
