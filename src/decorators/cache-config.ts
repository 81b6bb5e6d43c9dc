/* eslint-disable @typescript-eslint/no-explicit-any -- the shapes of all classes */
import { ConfigurationError } from '../base/errors/errors.js';
import { checkConfigOptions, type CacheConfigOptions } from './options.js';
import { defineClassConfig } from './reflect/class-config.js';

/** A class decorator for both decorator modes. */
export interface ClassConfigDecorator {
  /** Stage-3. */
  (type: DecoratedClass, context: ClassDecoratorContext): void;
  /** TypeScript's `experimentalDecorators`. */
  (type: DecoratedClass): void;
}

/** Any class, abstract ones and those with a private constructor included. */
interface DecoratedClass {
  readonly prototype: object;
}

/**
 * Defaults for the caching decorators in a class and its subclasses. The options of a method's own
 * decorator take precedence, then those of the subclass, then those of the class.
 *
 * @throws ConfigurationError when it is applied, for an unknown option, a bad value, or on anything
 * but a class.
 * @example
 * ```ts
 * @CacheConfig({ keyPrefix: 'user', ttl: '10m', grace: '1h' })
 * class UserService {
 *   @Cached() async getUser(id: number): Promise<User> { … }
 *   @Cached({ ttl: '1m' }) async listUsers(): Promise<User[]> { … }
 * }
 * ```
 */
export function CacheConfig<This = any>(options: CacheConfigOptions<This>): ClassConfigDecorator {
  checkConfigOptions(options);
  return (type: unknown) => {
    if (typeof type !== 'function') {
      throw new ConfigurationError('@CacheConfig can only decorate a class.');
    }
    defineClassConfig(type, options);
  };
}
