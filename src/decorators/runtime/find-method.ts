import 'reflect-metadata/lite';

import { ConfigurationError, isCacheError } from '../../base/errors/errors.js';
import { warnOnce } from '../../base/errors/warn.js';
import type { CacheCore } from '../../cache/core/cache-core.js';
import { classOf, nameOfClass } from '../reflect/identity.js';
import { CONTROL_METADATA } from '../reflect/metadata.js';
import type { CachedMethod } from './cached-method.js';

/**
 * The cached method behind a function, if a decorator made it.
 *
 * @internal
 */
export function cachedMethodOf(candidate: unknown): CachedMethod | undefined {
  return typeof candidate === 'function'
    ? (Reflect.getOwnMetadata(CONTROL_METADATA, candidate) as CachedMethod | undefined)
    : undefined;
}

/**
 * The cached method of an object by its name.
 *
 * @param owner - The function or option that was given the name, for messages.
 * @throws ConfigurationError when there is none.
 * @internal
 */
export function cachedMethodNamed(
  owner: string,
  object: object,
  name: string | symbol,
): CachedMethod {
  const method = cachedMethodOf((object as Record<string | symbol, unknown>)[name]);
  if (method !== undefined) return method;
  throw new ConfigurationError(
    `${owner}: there is no cached method '${String(name)}' on ` +
      `${nameOfClass(classOf(object)) || 'this object'}.`,
  );
}

/**
 * Reports why a decorator could not do its work after the method has run: to the cache's listeners,
 * and once as a warning if it is a mistake in the program, such as a misspelt method.
 *
 * @internal
 */
export function reportMistake(core: CacheCore, owner: string, error: unknown): void {
  core.report(error);
  if (!isCacheError(error)) return;
  if (error.code !== 'ERR_CONFIGURATION' && error.code !== 'ERR_CACHE_KEY') return;
  warnOnce('AURORA_DECORATOR', `${owner} ${error.message}`, `${owner}: ${error.message}`);
}
