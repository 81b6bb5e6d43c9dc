import type { SharedTier } from '../../store/shared-tier.js';
import type { CacheCore } from '../core/cache-core.js';
import { reportHit } from '../events.js';
import type { LoadRequest } from '../load/in-flight.js';
import { continueLoad, registerLoad, trySettleFromStore } from '../load/pipeline.js';
import { awaitValue } from './await-value.js';

/**
 * Starts a load for its first caller, which will probably get the value from the shared tier: its promise
 * is that of the read itself. Through `startLoad` and an outcome, a Redis hit with 64 or 512 in flight takes
 * 1.15 times as long (`npm run bench -- ablation`).
 *
 * @internal
 */
export function readThrough(
  core: CacheCore,
  shared: SharedTier,
  request: LoadRequest,
): Promise<unknown> {
  const load = registerLoad(core, request, 'read', false);
  return load.readFrom(shared).then((found) => {
    if (trySettleFromStore(core, load, found)) {
      reportHit(core, request, 'shared');
      return core.values.forCaller(found.value);
    }
    // In the background: this caller waits for the outcome like any other.
    void continueLoad(core, load);
    return awaitValue(core, request, undefined, load);
  });
}
