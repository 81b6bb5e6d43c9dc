import { ConfigurationError } from '../../base/errors/errors.js';
import { describe } from '../../base/errors/describe.js';
import type { AnyFunction, ClassLike } from '../types/signatures.js';
import { classConfig } from './class-config.js';
import { declaringClassByMetadata, type MethodIdentity } from './identity.js';
import { levelInMetadata, levelOnTarget } from './levels.js';
import { methodNames } from './names.js';

/*
 * reflect/: how a decorator identifies its method, and the metadata that it adds. Start here: in both
 * decorator modes, a decorator calls `wrap` with a `MethodIdentity`. `names.ts` derives the names in keys
 * and statistics from it, `levels.ts` counts overrides, and `metadata.ts` and `class-config.ts` store the
 * metadata that other decorators and tools read with `reflect-metadata`.
 */

interface StageThreeContext {
  readonly kind: string;
  readonly name: string | symbol;
  readonly static: boolean;
  readonly metadata?: object | undefined;
}

/** Returns the method that replaces the original. */
type Wrap = (body: AnyFunction, identity: MethodIdentity) => AnyFunction;

/**
 * A method decorator for both decorator modes: Stage-3 calls it as `(value, context)`, and TypeScript's
 * `experimentalDecorators` as `(target, key, descriptor)`. It returns the method or its descriptor, as
 * the mode requires, and throws ConfigurationError on anything but a method.
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
    const identity = completed({
      name: second.name,
      isStatic: second.static,
      declaringClass: (owner) => declaringClassByMetadata(owner, metadata),
      knowsClass: metadata !== undefined,
      declare: () => levelInMetadata(metadata, second.name, second.static),
    });
    return wrap(first as AnyFunction, identity);
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
  const identity = completed({
    name: second as string | symbol,
    isStatic,
    declaringClass: () => declaring,
    knowsClass: true,
    declare: () => levelOnTarget(first as object, second as string | symbol, isStatic),
  });
  return { ...descriptor, value: wrap(descriptor.value as AnyFunction, identity) };
}

/** Adds the parts that only methods need, so that bundles that only wrap functions do not include them. */
function completed(base: Omit<MethodIdentity, 'namesOf' | 'configOf'>): MethodIdentity {
  const identity: MethodIdentity = {
    ...base,
    namesOf: (...given) => methodNames(identity, ...given),
    configOf: classConfig,
  };
  return identity;
}

function isContext(value: unknown): value is StageThreeContext {
  return typeof value === 'object' && value !== null && 'kind' in value && 'name' in value;
}
