import { LIMITS } from '../../base/options/defaults.js';
import { spentPart } from '../../base/values/spent.js';
import { warnOnce } from '../../base/errors/warn.js';
import type { CacheCore } from '../core/cache-core.js';
import type { LoadRequest } from './in-flight.js';
import { LoadNode, originOfCall } from './nesting.js';
import { runLoader } from './run-loader.js';

/**
 * Whether a result can be read only once, so that it is returned to one caller and is neither stored nor
 * shared. Warns once for each method.
 *
 * @param name - The method; `undefined` for `getOrSet`, which is named by the first part of the key.
 * @internal
 */
export function isSingleUse(
  core: CacheCore,
  key: string,
  name: string | undefined,
  value: unknown,
): boolean {
  const kind = spentPart(value);
  if (kind === undefined) return false;
  const { singleUseKeys } = core;
  if (singleUseKeys.size >= LIMITS.spentKeys) {
    singleUseKeys.delete(singleUseKeys.values().next().value as string);
  }
  singleUseKeys.add(key);
  const subject = name ?? `the load of '${key.split(':', 1)[0] ?? ''}…'`;
  warnOnce(
    'AURORA_SPENT_VALUE',
    subject,
    `${subject} returned ${kind}, which can be read only once. It was not cached, and each call ` +
      'runs its own load: return the data itself, such as an array, a text or a Buffer.',
  );
  return true;
}

/**
 * Runs a load for one caller, which is neither stored nor joined: earlier results of the key could be read
 * only once, so that waiting for another load would be useless; or the call would wait for itself.
 *
 * @param origin - Where the call was made; default: here.
 * @returns A promise that rejects with the loader's error or LoadTimeoutError.
 * @internal
 */
export async function loadUnshared(
  core: CacheCore,
  request: LoadRequest,
  origin = originOfCall(),
): Promise<unknown> {
  const { key, methodCounters } = request;
  const node = new LoadNode(key);
  node.add(origin);
  const value = await runLoader(core, request, undefined, node);
  // A result that can be shared: the next call may store it again.
  if (!isSingleUse(core, key, methodCounters?.name, value)) core.singleUseKeys.delete(key);
  return value;
}
