import { warnOnce } from '../../base/errors/warn.js';
import type { CacheCore } from '../core/cache-core.js';
import type { LoadRequest } from './in-flight.js';
import type { CallOrigin } from './nesting.js';
import { loadUnshared } from './single-use.js';

/**
 * Runs the loader of a call that would wait for itself, bypassing the cache.
 *
 * @param keys - Keys of the loads that wait for each other.
 * @internal
 */
export function loadInCycle(
  core: CacheCore,
  request: LoadRequest,
  keys: readonly string[],
  origin: CallOrigin | undefined,
): Promise<unknown> {
  const { key, methodCounters } = request;
  const subject = methodCounters?.name ?? key.split(':', 1)[0] ?? '';
  const path = [...new Set([key, ...keys])].map((one) => `'${one}'`).join(', ');
  warnOnce(
    'AURORA_LOAD_CYCLE',
    subject,
    `Loads wait for each other: ${path}. The call of '${key}' inside its own load was not cached. ` +
      'Call the uncached function there, or give the two different keys.',
  );
  return loadUnshared(core, request, origin);
}
