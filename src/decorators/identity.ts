import { escapeArgument } from '../base/escape.js';
import type { ClassLike } from './shapes.js';

/** Which method a decorator stands on. */
export interface MethodIdentity {
  readonly name: string | symbol;
  readonly isStatic: boolean;
  /**
   * The class whose body holds the method, found from the prototype (or, for a static method, the
   * class) that a call came through; `undefined` when the call came through something else.
   */
  readonly declaringClass: (owner: object) => ClassLike | undefined;
}

/*
 * A Stage-3 decorator is not told its class. It is given the class's metadata object, though, and
 * the class carries the same object as a property, so that the declaring class can be recognised
 * on the prototype chain even when other decorators have wrapped the method, and for `#private`
 * methods, which are on no prototype. Compilers only make that object where the symbol exists.
 */
const symbols = Symbol as { metadata?: symbol };
symbols.metadata ??= Symbol.for('Symbol.metadata');

/** @internal */
export function declaringClassByMetadata(
  owner: object,
  metadata: object | undefined,
): ClassLike | undefined {
  if (metadata === undefined) return undefined;
  const key = symbols.metadata as symbol;
  for (let link: object | null = owner; link !== null;) {
    const candidate = (typeof link === 'function' ? link : link.constructor) as ClassLike;
    if (
      typeof candidate === 'function' &&
      Object.hasOwn(candidate, key) &&
      (candidate as unknown as Record<symbol, unknown>)[key] === metadata
    ) {
      return candidate;
    }
    link = Object.getPrototypeOf(link) as object | null;
  }
  return undefined;
}

/**
 * A class's name as it stands in keys. esbuild puts an underscore in front of the names of
 * decorated classes, which must not change their keys.
 *
 * @internal
 */
export function classText(type: ClassLike): string {
  return nameText(type.name.replace(/^_+(?=.)/, ''));
}

/**
 * A method's name as it stands in keys.
 *
 * @internal
 */
export function methodText(identity: Pick<MethodIdentity, 'name' | 'isStatic'>): string {
  const { name } = identity;
  const text =
    typeof name === 'symbol'
      ? `@@${nameText(name.description ?? '')}`
      : nameText(name).replace(/^@/, '%40');
  // An instance method of the same name may be cached as well.
  return identity.isStatic ? `static.${text}` : text;
}

/** Escaped like an argument; the dot joins class and method, and must not come from either. */
function nameText(text: string): string {
  return escapeArgument(text).replaceAll('.', '%2E');
}
