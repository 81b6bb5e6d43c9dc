import { AdaptivePolicy, type StoreBounds } from './adaptive.js';
import { LruPolicy } from './lru.js';
import type { EvictionPolicy } from './policy.js';

/** The policy that an `eviction` option names. */
export function createPolicy(eviction: 'adaptive' | 'lru', bounds: StoreBounds): EvictionPolicy {
  return eviction === 'lru' ? new LruPolicy() : new AdaptivePolicy(bounds);
}
