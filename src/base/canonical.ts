import { types } from 'node:util';

import { LIMITS } from './defaults.js';
import { CacheKeyError } from './errors.js';
import { escapeStructured } from './escape.js';
import { isDirectInstance, isPlain } from './plain.js';
import { shapeOf } from './record-shape.js';

/*
 * Canonical text of a structured argument. Grammar (every form is told by its first character, or
 * by its name and the parenthesis behind it, so that the encoding can be read back and is therefore
 * injective):
 *
 *   'text          string, escaped      12  NaN  -1.5   number       7n     bigint
 *   true null undefined                 @1700000000000  Date
 *   (a,b)          array                (k=v,k=v)  (=)  plain object, keys sorted
 *   Map(k=v,k=v)   Set(a,b)             sorted by their encoded keys
 *   Uint8Array(…)  base64url            Symbol(name)    Symbol.for('name')
 *   @Name(value)   class instance by its toCacheKey() or toJSON()
 */

/** How a structure begins; a string argument that begins so carries a signature. */
const STRUCTURE = /^(?:@|[A-Za-z0-9]*\()/;

/** Views that go by their own names; a subclass may be called anything, even `Map`, or nothing. */
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
  return flatRecord(value) ?? new Encoder().encode(value);
}

/**
 * The same text for the argument that most structured ones are: a record that holds nothing but
 * primitives. There is nothing in it to lose one's way in, or to fail at.
 *
 * @returns `undefined` for anything else.
 * @internal
 */
export function flatRecord(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !isPlain(value)) return undefined;
  const names = Object.keys(value);
  const { order, labels, quoted, mayFormat } = shapeOf(names);
  if (mayFormat || names.length === 0) return undefined;
  const values = Object.values(value);
  // A getter may have added or removed one.
  if (values.length !== names.length) return undefined;
  let text = '';
  for (let i = 0; i < order.length; i++) {
    const part = values[order[i] as number];
    switch (typeof part) {
      case 'string':
        text = text + (quoted[i] as string) + escapeStructured(part);
        break;
      case 'number':
      case 'boolean':
      case 'undefined':
        text = text + (labels[i] as string) + String(part);
        break;
      default:
        return undefined;
    }
  }
  if (text.length >= LIMITS.argumentChars) return undefined;
  return Object.getOwnPropertySymbols(value).length > 0 ? undefined : `${text})`;
}

class Encoder {
  /** Containers around the current one; a value that is among them is a cycle. */
  private readonly path: object[] = [];
  /** Characters so far; a small graph of shared references can spell an endless text. */
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
    if (this.path.includes(value)) throw new CacheKeyError('it contains itself');
    const before = this.size;
    this.path.push(value);
    const text = this.contents(value);
    this.path.pop();
    // What it contains has been counted on the way, and is part of its text.
    this.size = before;
    return this.grown(text);
  }

  private contents(value: object): string {
    if (isPlain(value)) return this.record(value);
    // What a class says of itself comes before what its base class is.
    if (hasKey(value)) return this.ownFormat(value) as string;
    if (Array.isArray(value) || types.isDate(value) || types.isMap(value) || types.isSet(value)) {
      // A class that extends one of them may hold more than its elements tell.
      if (!isDirectInstance(value)) throw needsKey(value, 'toCacheKey()');
      if (Array.isArray(value)) return `(${this.list(value)})`;
      if (types.isDate(value)) return `@${String(value.getTime())}`;
      return types.isMap(value) ? `Map(${this.pairs(value)})` : `Set(${this.members(value)})`;
    }
    if (ArrayBuffer.isView(value)) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      const name = nameOf(value);
      return VIEW.test(name)
        ? `${name}(${this.base64(bytes)})`
        : `@${escapeStructured(name)}('${this.base64(bytes)})`;
    }
    if (types.isAnyArrayBuffer(value)) return `ArrayBuffer(${this.base64(Buffer.from(value))})`;
    const own = this.ownFormat(value);
    if (own !== undefined) return own;
    throw needsKey(value, 'toCacheKey() or toJSON()');
  }

  private base64(bytes: Buffer): string {
    this.checkSize(bytes.length);
    return bytes.toString('base64url');
  }

  private list(items: readonly unknown[]): string {
    // Every item takes a character at least; a sparse array has a length that costs no memory.
    this.checkSize(items.length);
    let text = '';
    for (let i = 0; i < items.length; i++) text += (i > 0 ? ',' : '') + this.encode(items[i]);
    return text;
  }

  private record(value: Readonly<Record<string, unknown>>): string {
    const names = Object.keys(value);
    const { order, labels, mayFormat } = shapeOf(names);
    // Before anything else of it is encoded, since that may be what it leaves out.
    if (mayFormat) {
      const own = this.ownFormat(value);
      if (own !== undefined) return own;
    }
    let text = names.length === 0 ? '(=' : '';
    for (let i = 0; i < order.length; i++) {
      text += (labels[i] as string) + this.encode(value[names[order[i] as number] as string]);
    }
    // Query builders name their operators by symbols: to pass over them would mix up queries.
    if (Object.getOwnPropertySymbols(value).length > 0) {
      throw new CacheKeyError('it has properties whose names are symbols');
    }
    return `${text})`;
  }

  /** The text that an object gives itself, under the name of its class. */
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
  const { constructor } = value as { constructor?: { name?: unknown } };
  return typeof constructor?.name === 'string' ? constructor.name : '';
}
