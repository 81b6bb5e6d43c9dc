import { builtinOf, define, isErrorClass, isViewClass, newError } from '../base/values/builtin.js';
import { LIMITS } from '../base/options/defaults.js';
import { SerializationError } from '../base/errors/errors.js';
import { OversizeError } from '../base/errors/oversize.js';
import { isBare, isBareView } from '../base/values/own-properties.js';
import { isPlain } from '../base/values/plain.js';
import type { TypeTable } from '../base/values/type-table.js';

/**
 * A copy that shares nothing with the original, and is equal to it except that its properties are
 * writable: of plain data, built-in collections, errors, bytes, and instances of the cache's `types`.
 * `structuredClone` would change other values silently, such as a URL into `{}`.
 *
 * @throws SerializationError when the value holds what cannot be copied so, such as a function, an
 * instance of another class, or an accessor. OversizeError for more than a bounded amount of work.
 * @internal
 */
export function copyOf(value: unknown, types: TypeTable): unknown {
  return typeof value === 'object' && value !== null ? new Copier(types).copy(value) : value;
}

class Copier {
  private readonly copies = new Map<object, unknown>();
  /** Instances whose data is being copied: it cannot refer to them. */
  private readonly open = new Set<object>();
  private parts = 0;
  private depth = 0;

  constructor(private readonly types: TypeTable) {}

  copy(value: unknown): unknown {
    if (typeof value === 'function') throw refused('a function');
    if (typeof value !== 'object' || value === null) return value;
    if (this.open.has(value)) throw refused(`an instance of ${nameOf(value)} in its own data`);
    const known = this.copies.get(value);
    if (known !== undefined) return known;
    this.count(1);
    if (++this.depth > LIMITS.valueDepth) throw new OversizeError();
    const copy = this.instance(value) ?? this.contents(value);
    this.depth--;
    return copy;
  }

  private instance(object: object): unknown {
    const type = this.types.of(object);
    if (type === undefined) return undefined;
    this.open.add(object);
    const copy: unknown = type.decode(this.copy(type.encode(object)));
    this.open.delete(object);
    this.copies.set(object, copy);
    return copy;
  }

  private contents(object: object): object {
    if (isPlain(object)) {
      const hasPrototype = Object.getPrototypeOf(object) !== null;
      return this.properties(object, hasPrototype ? {} : (Object.create(null) as object));
    }
    const name = builtinOf(object);
    if (name === 'Array') return this.list(object as unknown[]);
    if (isViewClass(name)) {
      if (!isBareView(object as ArrayBufferView)) {
        throw refused(`a ${name} with own properties`);
      }
      return this.known(object, viewCopy(name, object as ArrayBufferView));
    }
    if (isErrorClass(name)) return this.properties(object, newError(name));
    switch (name) {
      case 'Map': {
        const source = object as ReadonlyMap<unknown, unknown>;
        this.count(source.size * 2);
        const copy = this.known(object, new Map<unknown, unknown>());
        for (const [key, item] of source) copy.set(this.copy(key), this.copy(item));
        return this.properties(object, copy);
      }
      case 'Set': {
        const source = object as ReadonlySet<unknown>;
        this.count(source.size);
        const copy = this.known(object, new Set<unknown>());
        for (const item of source) copy.add(this.copy(item));
        return this.properties(object, copy);
      }
      case 'Date':
        return this.properties(object, new Date((object as Date).getTime()));
      case 'RegExp': {
        const { source, flags } = object as RegExp;
        return this.properties(object, new RegExp(source, flags));
      }
      case 'ArrayBuffer':
        return this.properties(object, (object as ArrayBuffer).slice(0));
      default:
        throw refused(`an instance of ${nameOf(object) || 'a class'}`);
    }
  }

  private list(list: readonly unknown[]): object {
    this.count(list.length);
    const copy = this.known(list, new Array<unknown>(list.length));
    for (let i = 0; i < list.length; i++) {
      const item = list[i];
      if (item !== undefined || Object.hasOwn(list, i)) copy[i] = this.copy(item);
    }
    return isBare(list) ? copy : this.properties(list, copy);
  }

  /** Copies the own properties, of which `length`, the elements and the like are there already. */
  private properties(source: object, copy: object): object {
    this.known(source, copy);
    for (const key of Reflect.ownKeys(source)) {
      if (Array.isArray(source) && (key === 'length' || Object.hasOwn(copy, key))) continue;
      const property = Object.getOwnPropertyDescriptor(source, key);
      if (property === undefined) continue;
      this.count(1);
      assign(copy, key, this.copy(dataOf(source, key, property)), property.enumerable === true);
    }
    return copy;
  }

  private known<T extends object>(original: object, copy: T): T {
    this.copies.set(original, copy);
    return copy;
  }

  private count(parts: number): void {
    this.parts += parts;
    if (this.parts > LIMITS.valueParts) throw new OversizeError();
  }
}

/** @throws SerializationError for an accessor. */
function dataOf(source: object, key: PropertyKey, property: PropertyDescriptor): unknown {
  if (key === 'stack' && source instanceof Error) return source.stack;
  if (property.get === undefined) return property.value;
  throw refused(`an object whose property '${String(key)}' is an accessor`);
}

function assign(copy: object, key: PropertyKey, value: unknown, isEnumerable: boolean): void {
  if (key === 'lastIndex' && copy instanceof RegExp) copy.lastIndex = value as number;
  else if (isEnumerable && !(key in copy)) (copy as Record<PropertyKey, unknown>)[key] = value;
  else define(copy, key, value, isEnumerable);
}

type ViewClass = new (buffer: ArrayBufferLike) => ArrayBufferView;

function viewCopy(name: string, view: ArrayBufferView): ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view;
  if (name === 'Buffer') return Buffer.from(view as Buffer);
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  return new (view.constructor as ViewClass)(bytes);
}

function refused(what: string): SerializationError {
  return new SerializationError(
    `clone: ${what} cannot be copied as it is. Name its class in the cache's \`types\`, or return ` +
      'plain data.',
  );
}

function nameOf(object: object): string {
  const { constructor } = object as { constructor?: { name?: unknown } };
  return typeof constructor?.name === 'string' ? constructor.name : '';
}
