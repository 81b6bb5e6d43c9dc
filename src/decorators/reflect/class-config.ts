import 'reflect-metadata/lite';

import type { CacheConfigOptions } from '../options.js';

const METADATA = Symbol.for('aurora-cache.class-config.v1');
const NOTHING: CacheConfigOptions = Object.freeze({});

/** Read once per class: class decorators have run before the first call. */
const known = new WeakMap<object, CacheConfigOptions>();

/** @internal */
export function defineClassConfig(type: object, options: CacheConfigOptions): void {
  const inherited = Reflect.getMetadata(METADATA, type) as CacheConfigOptions | undefined;
  // An undefined option counts as absent, and does not hide an inherited one.
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  Reflect.defineMetadata(METADATA, { ...inherited, ...Object.fromEntries(given) }, type);
}

/**
 * The `@CacheConfig` of a class, with what it inherits.
 *
 * @param owner - The class, or its prototype.
 * @internal
 */
export function classConfig(owner: object): CacheConfigOptions {
  let config = known.get(owner);
  if (config === undefined) {
    const type: unknown = typeof owner === 'function' ? owner : owner.constructor;
    config =
      typeof type === 'function'
        ? ((Reflect.getMetadata(METADATA, type) as CacheConfigOptions | undefined) ?? NOTHING)
        : NOTHING;
    known.set(owner, config);
  }
  return config;
}
