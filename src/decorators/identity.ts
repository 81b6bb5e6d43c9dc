import { escapeArgument } from '../base/escape.js';
import type { ClassLike } from './shapes.js';

/** Which method a decorator stands on. */
export interface MethodIdentity {
  readonly name: string | symbol;
  readonly isStatic: boolean;
  /**
   * The class whose body holds the method, found from the prototype (or, for a static method, the
   * class) that a call came through; `undefined` when the call came through something else, or when
   * nothing tells which class it is: see {@link MethodIdentity.knowsClass}.
   */
  readonly declaringClass: (owner: object) => ClassLike | undefined;
  /** Whether the compiler says which class the method belongs to (`context.metadata`). */
  readonly knowsClass: boolean;
  /**
   * Notes that a decorator which makes keys stands on the method.
   *
   * @returns The number of such declarations of the name in the classes that this one extends; 0
   * when that cannot be known.
   */
  readonly declare: () => number;
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
    const candidate = classOf(link);
    if (
      candidate !== undefined &&
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
 * The class of a prototype; a class is its own.
 *
 * @internal
 */
export function classOf(owner: object): ClassLike | undefined {
  const type: unknown = typeof owner === 'function' ? owner : owner.constructor;
  return typeof type === 'function' ? (type as ClassLike) : undefined;
}

/**
 * A class's own name. A static member `name` may have taken its place, be anything, or throw.
 *
 * @returns `''` when there is none.
 * @internal
 */
export function nameOfClass(type: ClassLike | undefined): string {
  try {
    const name: unknown = type?.name;
    // esbuild puts an underscore in front of the names of decorated classes.
    return typeof name === 'string' ? name.replace(/^_+(?=.)/, '') : '';
  } catch {
    return '';
  }
}

/**
 * A class's name as it stands in keys.
 *
 * @internal
 */
export function classText(type: ClassLike | undefined): string {
  return nameText(nameOfClass(type)) || 'anonymous';
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

/** Escaped like an argument; the dot joins method and number, and must not come from the name. */
function nameText(text: string): string {
  return escapeArgument(text).replaceAll('.', '%2E');
}
