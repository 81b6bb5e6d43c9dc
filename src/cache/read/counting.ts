import { countHit as addHit } from '../../stats/counters.js';
import type { CacheCore } from '../core/cache-core.js';
import type { LoadRequest } from '../load/in-flight.js';

type Counted = Pick<LoadRequest, 'key' | 'record'>;

/** @internal */
export function countHit(
  core: CacheCore,
  { key, record }: Counted,
  tier: 'memory' | 'shared',
): void {
  addHit(core.counters, record, tier);
  if (core.events.hears('hit')) core.events.emit('hit', { key, tier });
}

/** @internal */
export function countMiss(core: CacheCore, { key, record }: Counted): void {
  core.counters.misses++;
  if (record !== undefined) record.misses++;
  if (core.events.hears('miss')) core.events.emit('miss', { key });
}
