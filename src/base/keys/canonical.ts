import { types } from 'node:util';

import { LIMITS } from '../options/defaults.js';
import { CacheKeyError } from '../errors/errors.js';
import { escapeStructured } from './escape.js';
import { flatText, hasHidden } from './flat-text.js';
import { ownProperties, type OwnProperties } from '../values/own-properties.js';
import { isDirectInstance, isPlain } from '../values/plain.js';
import { shapeOf } from './record-shape.js';

/*
 * Canonical text of a structured argument. Grammar (every form is recognised by its first character, or
 * by its name and the parenthesis after it, so that the encoding can be read back and is therefore
 * injective):
 *
 *   'text          string, escaped      12  NaN  -1.5   number       7n     bigint
 *   true null undefined                 @1700000000000  Date
 *   (a,b)          array, _ for a hole  (k=v,k=v)  (=)  plain object, keys sorted
 *   Map(k=v,k=v)   Set(a,b)             sorted by their encoded keys
 *   Uint8Array(…)  base64url            Symbol(name)    Symbol.for('name')
 *   @Name(value)   class instance by its toCacheKey() or toJSON()
 *   …+(k=v)-(k=v)  after any of them: its other own properties, those that are not enumerable last
 */

/** The beginning of a structure; a string argument with such a beginning gets a type signature. */
const STRUCTURE = /^(?:@|[A-Za-z0-9]*\()/;

/** Views that keep their own names; a subclass may have any name, even `Map`, or none. */
const VIEW = /^(?:Buffer|DataView|(?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array)$/;

/**
 * Whether a text could be taken for an encoded structure.
 *
 * @internal
 */
export function isStructure(text: string): boolean {
  return STRUCTURE.test(text);
}

/**
 * Canonical text of an object, array, Map, Set, typed array, registered symbol or class instance.
 *
 * @throws CacheKeyError when a part of it has no canonical text, or it is too deep, too large or
 * cyclic.
 * @internal
 */
export function encodeStructure(value: unknown): string {
  if (typeof value !== 'object' || value === null) return new Encoder().encode(value);
  return flatText(value) ?? new Encoder().nested(value);
}

/** Stands for a missing element of an array, which differs from `undefined`. */
const HOLE = '_';

class Encoder {
  /** Containers around the current one; a value that is among them forms a cycle. */
  private readonly path: object[] = [];
  /** Characters so far; even a small graph of shared references can have a huge text. */
  private size = 0;

  encode(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return this.grown(`'${escapeStructured(value)}`);
      case 'number':
        return String(value);
      case 'boolean':
      case 'undefined':
        return String(value);
      case 'bigint':
        return `${String(value)}n`;
      case 'symbol': {
        const name = Symbol.keyFor(value);
        if (name !== undefined) return `Symbol(${escapeStructured(name)})`;
        throw new CacheKeyError('a symbol has no text that is the same in every process');
      }
      case 'function':
        throw new CacheKeyError(`a function${value.name && ` (${value.name})`} cannot be a key`);
      default:
        return value === null ? 'null' : this.container(value as object);
    }
  }

  private container(value: object): string {
    if (this.path.length >= LIMITS.argumentDepth) {
      throw new CacheKeyError(`it is nested deeper than ${String(LIMITS.argumentDepth)} levels`);
    }
    const text = flatText(value);
    return text === undefined ? this.nested(value) : this.grown(text);
  }

  /** The text of an object that `flatText` does not take. */
  nested(value: object): string {
    if (this.path.includes(value)) throw new CacheKeyError('it contains itself');
    const before = this.size;
    this.path.push(value);
    const text = this.contents(value);
    this.path.pop();
    // The contents are part of the text, and were counted already.
    this.size = before;
    return this.grown(text);
  }

  private contents(value: object): string {
    if (isPlain(value)) return this.record(value);
    // A class's own methods take precedence over the kind of its base class.
    if (hasKey(value)) return this.ownFormat(value) as string;
    if (Array.isArray(value) || types.isDate(value) || types.isMap(value) || types.isSet(value)) {
      // A class that extends one of them may hold more than its elements.
      if (!isDirectInstance(value)) throw needsKey(value, 'toCacheKey()');
      return this.builtIn(value) + this.properties(value, ownProperties(value));
    }
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
      return this.bytes(value) + this.properties(value, ownProperties(value));
    }
    const own = this.ownFormat(value);
    if (own === undefined) throw needsKey(value, 'toCacheKey() or toJSON()');
    // `URL.prototype.toJSON` ignores properties that were added to the instance.
    return value instanceof URL ? own + this.properties(value, ownProperties(value)) : own;
  }

  private builtIn(value: object): string {
    if (Array.isArray(value)) return `(${this.list(value)})`;
    if (types.isDate(value)) return `@${String(value.getTime())}`;
    return types.isMap(value)
      ? `Map(${this.pairs(value)})`
      : `Set(${this.members(value as ReadonlySet<unknown>)})`;
  }

  private bytes(value: ArrayBufferView | ArrayBufferLike): string {
    if (!ArrayBuffer.isView(value)) {
      const kind = types.isSharedArrayBuffer(value) ? 'SharedArrayBuffer' : 'ArrayBuffer';
      return `${kind}(${this.base64(Buffer.from(value))})`;
    }
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    const name = nameOf(value);
    return VIEW.test(name)
      ? `${name}(${this.base64(bytes)})`
      : `@${escapeStructured(name)}('${this.base64(bytes)})`;
  }

  /** Own data besides the elements, such as the `raw` of a tagged template; usually none. */
  private properties(value: object, { enumerable, hidden }: OwnProperties): string {
    return this.named('+', value, enumerable) + this.named('-', value, hidden);
  }

  private named(mark: string, value: object, names: readonly string[]): string {
    if (names.length === 0) return '';
    const pairs = names.map(
      (name) =>
        `${escapeStructured(name)}=${this.encode((value as Record<string, unknown>)[name])}`,
    );
    return `${mark}(${pairs.join()})`;
  }

  private base64(bytes: Buffer): string {
    this.checkSize(bytes.length);
    return bytes.toString('base64url');
  }

  private list(items: readonly unknown[]): string {
    // Every item takes at least one character; the length of a sparse array costs no memory.
    this.checkSize(items.length);
    let text = '';
    for (let i = 0; i < items.length; i++) {
      if (i > 0) text += ',';
      text += items[i] === undefined && !(i in items) ? HOLE : this.encode(items[i]);
    }
    return text;
  }

  private record(value: Readonly<Record<string, unknown>>): string {
    const names = Object.keys(value);
    const { order, labels, mayFormat } = shapeOf(names);
    const isHiding = hasHidden(value, names.length);
    // First, since the object's method may leave out members that cannot be encoded.
    if (mayFormat || isHiding) {
      const own = this.ownFormat(value);
      if (own !== undefined) return own;
    }
    let text = names.length === 0 ? '(=' : '';
    for (let i = 0; i < order.length; i++) {
      text += (labels[i] as string) + this.encode(value[names[order[i] as number] as string]);
    }
    return isHiding ? `${text})${this.named('-', value, ownProperties(value).hidden)}` : `${text})`;
  }

  /** The text that an object's own method returns, with the name of its class. */
  private ownFormat(value: OwnFormat): string | undefined {
    const { toCacheKey, toJSON } = value;
    const format = typeof toCacheKey === 'function' ? toCacheKey : toJSON;
    if (typeof format !== 'function') return undefined;
    return `@${escapeStructured(nameOf(value))}(${this.encode(format.call(value))})`;
  }

  private members(set: ReadonlySet<unknown>): string {
    return Array.from(set, (member) => this.encode(member))
      .sort()
      .join();
  }

  private pairs(map: ReadonlyMap<unknown, unknown>): string {
    return Array.from(map, ([key, value]) => `${this.encode(key)}=${this.encode(value)}`)
      .sort()
      .join();
  }

  private grown(text: string): string {
    this.size += text.length;
    this.checkSize(this.size);
    return text;
  }

  private checkSize(characters: number): void {
    if (characters > LIMITS.argumentChars) {
      throw new CacheKeyError(`its text is longer than ${String(LIMITS.argumentChars)} characters`);
    }
  }
}

interface OwnFormat {
  toCacheKey?: () => unknown;
  toJSON?: () => unknown;
}

function needsKey(value: object, methods: string): CacheKeyError {
  return new CacheKeyError(
    `an instance of ${nameOf(value) || 'a class'} needs a ${methods} method`,
  );
}

function hasKey(value: object): value is OwnFormat {
  return typeof (value as OwnFormat).toCacheKey === 'function';
}

function nameOf(value: object): string {
  try {
    const { constructor } = value as { constructor?: { name?: unknown } };
    return typeof constructor?.name === 'string' ? constructor.name : '';
  } catch {
    // A static member `name` that throws.
    return '';
  }
}
