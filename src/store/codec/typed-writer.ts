import { builtinOf, define, isErrorClass, isViewClass } from '../../base/values/builtin.js';
import { LIMITS } from '../../base/options/defaults.js';
import { SerializationError } from '../../base/errors/errors.js';
import { OversizeError } from '../../base/errors/oversize.js';
import { isBare, isBareView } from '../../base/values/own-properties.js';
import { isPlain } from '../../base/values/plain.js';
import type { TypeTable } from '../../base/values/type-table.js';
import { BARE_RECORD, ERROR_PROPERTIES, ESCAPE, INSTANCE, TAG } from './typed-text.js';

/**
 * Converts a value to plain JSON, in the notation of `typed-text.ts`.
 *
 * @internal
 */
export class TypedWriter {
  /** The number of each object. */
  private readonly seen = new Map<object, number>();
  /** Instances whose data is being written, and must not refer to them. */
  private readonly open = new Set<object>();
  private depth = 0;
  /** Minimum length of the text so far, in characters. */
  private chars = 0;

  constructor(
    private readonly types: TypeTable,
    private readonly maxChars: number,
  ) {}

  /**
   * @throws SerializationError for a value that could not be decoded exactly; OversizeError as soon as the
   * text is certain to become too long; what a type's `encode` throws.
   */
  write(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        this.grow(value.length);
        return value.startsWith(ESCAPE) ? ESCAPE + value : value;
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : `~${numberCode(value)}`;
      case 'boolean':
        return value;
      case 'undefined':
        return '~u';
      case 'bigint':
        return this.text(`~n${value.toString(16)}`);
      case 'object':
        return value === null ? null : this.object(value);
      default:
        throw new SerializationError(`A ${typeof value} cannot be shared between processes.`);
    }
  }

  private object(object: object): unknown {
    this.grow(2);
    const number = this.seen.get(object);
    if (number !== undefined) {
      if (this.open.has(object)) throw refused(`An instance of ${nameOf(object)} in its own data`);
      return `~@${String(number)}`;
    }
    if (++this.depth > LIMITS.valueDepth) {
      throw new OversizeError(`nested deeper than ${String(LIMITS.valueDepth)} levels`);
    }
    this.seen.set(object, this.seen.size);
    const written = this.instance(object) ?? this.contents(object);
    this.depth--;
    return written;
  }

  private instance(object: object): unknown {
    const type = this.types.of(object);
    if (type === undefined) return undefined;
    this.open.add(object);
    const data = this.write(type.encode(object));
    this.open.delete(object);
    return [INSTANCE, type.name, data];
  }

  private contents(object: object): unknown {
    if (isPlain(object)) {
      const record = this.record(object);
      return Object.getPrototypeOf(object) === null ? [BARE_RECORD, record] : record;
    }
    const name = builtinOf(object);
    if (name === 'Array') return this.list(object as unknown[]);
    if (isViewClass(name)) return this.view(name, object as ArrayBufferView);
    if (isErrorClass(name)) return this.error(name, object as Error);
    if (Reflect.ownKeys(object).length > (name === 'RegExp' ? 1 : 0) && name !== '') {
      throw refused(`A ${name} with own properties`);
    }
    switch (name) {
      case 'Map':
        return this.pairs(object as ReadonlyMap<unknown, unknown>);
      case 'Set':
        return this.items(`${TAG}Set`, object as ReadonlySet<unknown>);
      case 'Date':
        return `~D${String((object as Date).getTime())}`;
      case 'RegExp': {
        const { source, flags, lastIndex } = object as RegExp;
        return [`${TAG}RegExp`, this.text(source), flags, lastIndex];
      }
      case 'ArrayBuffer':
        return [`${TAG}ArrayBuffer`, this.bytes(object as ArrayBuffer, 0)];
      default:
        throw new SerializationError(
          `An instance of ${nameOf(object) || 'a class'} cannot be shared between processes. Add its ` +
            "class to the cache's `types`, or return plain data.",
        );
    }
  }

  private record(record: object): object {
    const written: Record<string, unknown> = {};
    for (const key of Reflect.ownKeys(record)) {
      if (typeof key === 'symbol')
        throw refused('An object with a symbol as the name of a property');
      const property = Object.getOwnPropertyDescriptor(record, key);
      if (property?.enumerable !== true || property.get !== undefined) {
        throw refused(`An object whose property '${key}' is an accessor or not enumerable`);
      }
      this.grow(key.length + 3);
      const part = this.write(property.value);
      if (key in written) define(written, key, part);
      else written[key] = part;
    }
    return written;
  }

  private list(list: readonly unknown[]): unknown[] {
    // Before the loop: a sparse array may have a length of a billion.
    this.grow(list.length * 2);
    if (!isBare(list)) throw refused('An array with own properties');
    const written: unknown[] = [];
    for (let i = 0; i < list.length; i++) {
      if (list[i] === undefined && !Object.hasOwn(list, i)) throw refused('An array with holes');
      written.push(this.write(list[i]));
    }
    return written;
  }

  private pairs(map: ReadonlyMap<unknown, unknown>): unknown[] {
    this.grow(map.size * 4);
    const written: unknown[] = [`${TAG}Map`];
    for (const [key, value] of map) written.push(this.write(key), this.write(value));
    return written;
  }

  private items(tag: string, set: ReadonlySet<unknown>): unknown[] {
    this.grow(set.size * 2);
    const written: unknown[] = [tag];
    for (const item of set) written.push(this.write(item));
    return written;
  }

  private view(name: string, view: ArrayBufferView): unknown[] {
    const bytes = this.bytes(view.buffer, view.byteOffset, view.byteLength);
    if (!isBareView(view)) throw refused(`A ${name} with own properties`);
    return [TAG + name, bytes];
  }

  private bytes(buffer: ArrayBufferLike, offset: number, length = buffer.byteLength): string {
    this.grow((length * 4) / 3);
    return Buffer.from(buffer, offset, length).toString('base64');
  }

  private error(name: string, error: Error): unknown[] {
    const stack: unknown = error.stack;
    if (stack !== undefined && typeof stack !== 'string')
      throw refused('An error with an odd stack');
    const written: unknown[] = [`${TAG}Error`, name, stack === undefined ? null : this.text(stack)];
    for (const key of Reflect.ownKeys(error)) {
      if (key === 'stack') continue;
      const property = Object.getOwnPropertyDescriptor(error, key);
      if (typeof key === 'symbol' || !ERROR_PROPERTIES.has(key) || property?.get !== undefined) {
        throw refused(`An error with a property '${String(key)}'`);
      }
      written.push(key, property?.enumerable === true, this.write(property?.value));
    }
    return written;
  }

  /** A string of this notation, which must not be escaped. */
  private text(text: string): string {
    this.grow(text.length);
    return text;
  }

  private grow(chars: number): void {
    this.chars += chars;
    if (this.chars > this.maxChars) throw new OversizeError();
  }
}

function numberCode(value: number): string {
  if (value === 0) return '0';
  if (Number.isNaN(value)) return 'N';
  return value > 0 ? 'I' : 'J';
}

function refused(what: string): SerializationError {
  return new SerializationError(
    `${what} cannot be shared between processes without loss. Return plain data.`,
  );
}

function nameOf(object: object): string {
  const { constructor } = object as { constructor?: { name?: unknown } };
  return typeof constructor?.name === 'string' ? constructor.name : '';
}
