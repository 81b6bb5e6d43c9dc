import 'reflect-metadata/lite';

import type { CachedOptions } from '../options.js';
import type { AnyFunction } from '../types/signatures.js';
import type { MethodIdentity } from './identity.js';

/** Metadata of a decorated method, for tools and for other decorators. */
export interface MethodMetadata {
  /** Which decorator it was. */
  readonly kind: 'cached' | 'put' | 'evict' | 'memoized' | 'timed';
  /** Name of the method. */
  readonly method: string | symbol;
  readonly isStatic: boolean;
  /** The `keyPrefix` option; absent when the class's name stands in for it. */
  readonly prefix?: string | undefined;
  /** The `ttl` option, if it is not a function. */
  readonly ttl?: number | string | undefined;
  /** The `tags` option, if it is not a function. */
  readonly tags?: readonly string[] | undefined;
  /** The `name` option. */
  readonly name?: string | undefined;
}

/**
 * The `reflect-metadata` key under which a decorated method's function carries its
 * {@link MethodMetadata}, one for each of our decorators on it.
 *
 * @example
 * ```ts
 * Reflect.getMetadata(METHOD_METADATA, UserService.prototype.getUser);
 * // [{ kind: 'cached', method: 'getUser', isStatic: false, prefix: 'user', ttl: 300 }]
 * ```
 */
export const METHOD_METADATA = 'aurora-cache:methods';

/**
 * The key under which a function carries the cached method that `cacheControl` works on.
 *
 * @internal
 */
export const CONTROL_METADATA = Symbol.for('aurora-cache.control.v2');

/** The key under which a wrapper carries the innermost function that it wraps. */
const ORIGINAL = Symbol.for('aurora-cache.original.v1');

/**
 * The function that one of this package's decorators was first applied to.
 *
 * @internal
 */
export function originalOf(body: AnyFunction): AnyFunction {
  return (Reflect.getOwnMetadata(ORIGINAL, body) as AnyFunction | undefined) ?? body;
}

/** @internal */
export function methodMetadata(target: object): readonly MethodMetadata[] {
  const found: unknown = Reflect.getOwnMetadata(METHOD_METADATA, target);
  return Array.isArray(found) ? (found as MethodMetadata[]) : [];
}

/**
 * The metadata of one decorator: the part of its options that is plain data.
 *
 * @param method - Name of the method.
 * @param identity - `undefined` for a plain function.
 * @internal
 */
export function toMetadata(
  kind: MethodMetadata['kind'],
  method: string | symbol,
  identity: MethodIdentity | undefined,
  { keyPrefix, ttl, tags, name }: Pick<CachedOptions, 'keyPrefix' | 'ttl' | 'tags' | 'name'>,
): MethodMetadata {
  return {
    kind,
    method,
    isStatic: identity?.isStatic ?? false,
    ...(keyPrefix !== undefined && { prefix: keyPrefix }),
    ...(ttl !== undefined && typeof ttl !== 'function' && { ttl }),
    ...(tags !== undefined && typeof tags !== 'function' && { tags }),
    ...(name !== undefined && { name }),
  };
}

/**
 * Copies what a wrapped function shows to other code to its wrapper: name, length, own properties and
 * all metadata, so that other decorators on the same method work in any order.
 *
 * @internal
 */
export function copyFunctionProps(
  wrapper: AnyFunction,
  body: AnyFunction,
  own: MethodMetadata,
): void {
  for (const key of Reflect.ownKeys(body)) {
    // Properties that only sloppy functions and constructors have.
    if (key === 'prototype' || key === 'arguments' || key === 'caller') continue;
    const property = Object.getOwnPropertyDescriptor(body, key);
    if (property !== undefined) Object.defineProperty(wrapper, key, property);
  }
  for (const key of Reflect.getOwnMetadataKeys(body) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, body), wrapper);
  }
  Reflect.defineMetadata(ORIGINAL, originalOf(body), wrapper);
  Reflect.defineMetadata(METHOD_METADATA, [...methodMetadata(body), own], wrapper);
}
