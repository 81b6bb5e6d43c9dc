import { ConfigurationError } from '../../base/errors.js';
import { describe } from '../../base/duration.js';
import type { AnyFunction, ClassLike } from '../types/signatures.js';
import { declaringClassByMetadata, type MethodIdentity } from './identity.js';
import { levelInMetadata, levelOnTarget } from './levels.js';

/*
 * reflect/: what a decorator finds out about its method, and what it leaves on it. Start here: both
 * decorator modes become one call of `wrap` with a `MethodIdentity`. `names.ts` makes the names of keys
 * and statistics from it, `levels.ts` counts overrides, `metadata.ts` and `class-config.ts` keep what other
 * decorators and tools read by `reflect-metadata`.
 */

interface StageThreeContext {
  readonly kind: string;
  readonly name: string | symbol;
  readonly static: boolean;
  readonly metadata?: object | undefined;
}

/** Makes the method that takes the original's place. */
type Wrap = (body: AnyFunction, identity: MethodIdentity) => AnyFunction;

/**
 * A method decorator for both dialects: called as `(value, context)` it is Stage-3's, called as
 * `(target, key, descriptor)` it is one for TypeScript's `experimentalDecorators`. It returns what the
 * dialect expects, the method or its descriptor, and throws ConfigurationError on anything but a
 * method.
 *
 * @param name - The decorator's name, for messages.
 * @internal
 */
export function methodDecorator(name: string, wrap: Wrap): (...args: unknown[]) => unknown {
  return (first, second, third) => decorate(name, wrap, first, second, third);
}

function decorate(
  name: string,
  wrap: Wrap,
  first: unknown,
  second: unknown,
  third: unknown,
): unknown {
  if (isContext(second)) {
    if (second.kind !== 'method' || typeof first !== 'function') {
      throw new ConfigurationError(
        `${name} can only decorate a method; '${String(second.name)}' is a ${second.kind}. ` +
          'Move the logic into a method.',
      );
    }
    const { metadata } = second;
    return wrap(first as AnyFunction, {
      name: second.name,
      isStatic: second.static,
      declaringClass: (owner) => declaringClassByMetadata(owner, metadata),
      knowsClass: metadata !== undefined,
      declare: () => levelInMetadata(metadata, second.name, second.static),
    });
  }
  const descriptor = third as TypedPropertyDescriptor<unknown> | undefined;
  if (typeof descriptor?.value !== 'function') {
    throw new ConfigurationError(
      typeof second === 'string' || typeof second === 'symbol'
        ? `${name} can only decorate a method; '${String(second)}' is a field or an accessor. ` +
            'Move the logic into a method.'
        : `${name} was applied to ${describe(first)}. Apply it to a method, and call it with its ` +
            `options: ${name}({ … }).`,
    );
  }
  const isStatic = typeof first === 'function';
  const declaring = (isStatic ? first : (first as object).constructor) as ClassLike;
  return {
    ...descriptor,
    value: wrap(descriptor.value as AnyFunction, {
      name: second as string | symbol,
      isStatic,
      declaringClass: () => declaring,
      knowsClass: true,
      declare: () => levelOnTarget(first as object, second as string | symbol, isStatic),
    }),
  };
}

function isContext(value: unknown): value is StageThreeContext {
  return typeof value === 'object' && value !== null && 'kind' in value && 'name' in value;
}
