import { ConfigurationError } from '../base/errors.js';
import { describe } from '../base/duration.js';
import { declaringClassByMetadata, type MethodIdentity } from './identity.js';
import { levelInMetadata, levelOnTarget } from './levels.js';
import type { AnyFunction, ClassLike } from './shapes.js';

interface StageThreeContext {
  readonly kind: string;
  readonly name: string | symbol;
  readonly static: boolean;
  readonly metadata?: object | undefined;
}

/**
 * Applies a method decorator, in whichever dialect it was called: `(value, context)` is Stage-3,
 * `(target, key, descriptor)` is TypeScript's `experimentalDecorators`.
 *
 * @param name - The decorator's name, for messages.
 * @param args - What the decorator was called with.
 * @param wrap - Makes the method that takes the original's place.
 * @returns What the dialect wants back: the method, or its descriptor.
 * @throws ConfigurationError on anything but a method.
 * @internal
 */
export function decorateMethod(
  name: string,
  args: readonly unknown[],
  wrap: (body: AnyFunction, identity: MethodIdentity) => AnyFunction,
): unknown {
  const [first, second, third] = args;
  if (isContext(second)) {
    if (second.kind !== 'method' || typeof first !== 'function') {
      throw new ConfigurationError(
        `${name} can only stand on a method; '${String(second.name)}' is a ${second.kind}. ` +
          'Move its work into a method.',
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
        ? `${name} can only stand on a method; '${String(second)}' is a field or an accessor. ` +
            'Move its work into a method.'
        : `${name} was applied to ${describe(first)}. It stands on a method, and is called with ` +
            `its options first: ${name}({ … }).`,
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
