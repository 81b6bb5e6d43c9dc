import { describe } from '../errors/describe.js';
import type { Check } from '../options/options.js';

/** How instances of a class are encoded for the shared tier, and copied by `clone`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a list of them holds several classes
export interface TypeCodec<T = any> {
  /** Name on the wire; keep it when the class is renamed. */
  readonly name: string;
  /** The exact class; a subclass needs an entry too. */
  readonly class: abstract new (...args: never[]) => T;
  /** Plain data of an instance. */
  encode(instance: T): unknown;
  /** The instance, from its plain data. */
  decode(data: unknown): T;
}

/**
 * The classes whose instances may be stored, by exact class: a subclass may hold more than its base
 * class encodes.
 *
 * @internal
 */
export class TypeTable {
  private readonly byPrototype = new Map<unknown, TypeCodec>();
  private readonly byName = new Map<string, TypeCodec>();

  constructor(types: readonly TypeCodec[]) {
    for (const type of types) {
      this.byPrototype.set(type.class.prototype, type);
      this.byName.set(type.name, type);
    }
  }

  of(instance: object): TypeCodec | undefined {
    return this.byPrototype.size === 0
      ? undefined
      : this.byPrototype.get(Object.getPrototypeOf(instance));
  }

  named(name: unknown): TypeCodec | undefined {
    return this.byName.get(name as string);
  }
}

/** @internal */
export const isTypes: Check = (value) => {
  if (!Array.isArray(value)) return 'an array';
  const seen = new Set<unknown>();
  for (const type of value as (Partial<TypeCodec> | null)[]) {
    if (
      typeof type?.name !== 'string' ||
      typeof type.class !== 'function' ||
      typeof type.encode !== 'function' ||
      typeof type.decode !== 'function'
    ) {
      return 'an array of { name, class, encode, decode }';
    }
    if (seen.has(type.name) || seen.has(type.class)) {
      return `an array that has each name and each class once (${describe(type.name)} is there twice)`;
    }
    seen.add(type.name).add(type.class);
  }
  return undefined;
};
