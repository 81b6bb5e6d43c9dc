import { escapeArgument } from '../../base/keys/escape.js';
import type { CodeName } from '../../cache/claims/build-names.js';
import type { CacheConfigOptions, CachedOptions } from '../options.js';
import type { AnyFunction, ClassLike } from '../types/signatures.js';

/** The method that a decorator is applied to. */
export interface MethodIdentity {
  readonly name: string | symbol;
  readonly isStatic: boolean;
  /**
   * The class whose body holds the method, found from the prototype (or, for a static method, the
   * class) that a call came through; `undefined` when the call came through something else, or when
   * the class cannot be known: see {@link MethodIdentity.knowsClass}.
   */
  readonly declaringClass: (owner: object) => ClassLike | undefined;
  /** Whether the compiler identifies the class of the method (`context.metadata`). */
  readonly knowsClass: boolean;
  /**
   * Records that a decorator which makes keys is applied to the method.
   *
   * @returns The number of such declarations of the name in the classes that this one extends; 0
   * when that cannot be known.
   */
  readonly declare: () => number;
  /** Names the method in keys and statistics; see `names.ts`. */
  readonly namesOf: (
    method: MethodSpec,
    owner: object,
    classPrefix: string | undefined,
  ) => BindingNames;
  /** The options of the class that a call came through; see `class-config.ts`. */
  readonly configOf: (owner: object) => CacheConfigOptions;
}

/** A method or function as its decorator received it. */
export interface MethodSpec {
  readonly body: AnyFunction;
  /** `undefined` for a plain function. */
  readonly identity: MethodIdentity | undefined;
  readonly options: CachedOptions;
  /** Decorated declarations of the name in the classes that the method's class extends. */
  readonly level: number;
  /** For messages, before anything else names it. */
  readonly label: string;
}

/** The names of a method on one class: in keys, statistics and messages. */
export interface BindingNames {
  /** Stored form of the key prefix. */
  readonly prefix: string;
  readonly last: string;
  /** For statistics and messages. */
  readonly label: string;
  /** Names of the source in the keys, which a build may have changed. */
  readonly codeNames: readonly CodeName[];
  /** The class of the call; absent for a plain function. */
  readonly type: ClassLike | undefined;
}

/*
 * A Stage-3 decorator does not receive its class. It receives the class's metadata object, and the
 * class carries the same object as a property, so the declaring class can be recognised on the
 * prototype chain even when other decorators have wrapped the method, and for `#private` methods,
 * which are on no prototype. Compilers make that object only where the symbol exists.
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
 * Whether an object is a class's prototype, which stands in for its instances.
 *
 * @internal
 */
export function isPrototype(self: object): boolean {
  if (!Object.hasOwn(self, 'constructor')) return false;
  const { constructor } = self as { constructor: { prototype?: unknown } | undefined };
  return constructor?.prototype === self;
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
