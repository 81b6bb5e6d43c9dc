import 'reflect-metadata/lite';

import { ConfigurationError } from '../base/errors.js';
import type { CachedMethod } from './cached-method.js';
import { classOf, nameOfClass } from './identity.js';
import { CONTROL_METADATA } from './metadata.js';

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
 * @param owner - For messages: who asks.
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
