import { ConfigurationError } from '../base/errors.js';
import { getCache, isManager } from '../cache/default-cache.js';
import type { CacheManager } from '../cache/manager.js';
import type { CacheChoice } from './options.js';

/**
 * The cache of a call, as the `cache` option chooses it; without one, the process's default.
 *
 * @param label - Whose option it is, for the message.
 * @throws ConfigurationError when the option answers something else; what the option throws.
 * @internal
 */
export function chosenCache(
  choice: CacheChoice | undefined,
  self: unknown,
  label: string,
): CacheManager {
  if (choice === undefined) return getCache();
  const chosen: unknown = typeof choice === 'function' ? choice(self) : choice;
  if (isManager(chosen)) return chosen;
  throw new ConfigurationError(`The cache option of ${label} did not answer a cache.`);
}
