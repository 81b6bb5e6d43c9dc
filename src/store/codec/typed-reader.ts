import { define, isViewClass, newError } from '../../base/values/builtin.js';
import { LIMITS } from '../../base/options/defaults.js';
import { describe } from '../../base/errors/describe.js';
import { SerializationError } from '../../base/errors/errors.js';
import type { TypeTable } from '../../base/values/type-table.js';
import { BARE_RECORD, ERROR_PROPERTIES, ESCAPE, INSTANCE, TAG } from './typed-text.js';

/**
 * Decodes the output of `TypedWriter` in place: plain parts remain the objects that `JSON.parse` created.
 *
 * @internal
 */
export class TypedReader {
  /** Objects by their number; `undefined` for an instance whose data is being read. */
  private readonly objects: unknown[] = [];
  private depth = 0;

  constructor(private readonly types: TypeTable) {}

  /** @throws SerializationError, or what a type's `decode` throws, for anything else. */
  read(written: unknown): unknown {
    if (typeof written === 'string') {
      return written.startsWith(ESCAPE) ? this.escaped(written) : written;
    }
    if (typeof written !== 'object' || written === null) return written;
    if (++this.depth > LIMITS.valueDepth) throw damaged();
    const value = Array.isArray(written) ? this.list(written) : this.record(written);
    this.depth--;
    return value;
  }

  private escaped(text: string): unknown {
    const rest = text.slice(2);
    switch (text.charAt(1)) {
      case '~':
        return text.slice(1);
      case 'u':
        return undefined;
      case 'N':
        return NaN;
      case 'I':
        return Infinity;
      case 'J':
        return -Infinity;
      case '0':
        return -0;
      case 'n':
        return rest.startsWith('-') ? -BigInt(`0x${rest.slice(1)}`) : BigInt(`0x${rest}`);
      case 'D':
        return this.known(new Date(Number(rest)));
      case '@': {
        const object = this.objects[Number(rest)];
        if (object !== undefined) return object;
        throw damaged();
      }
      default:
        throw damaged();
    }
  }

  private record(record: object): object {
    this.objects.push(record);
    return this.fields(record as Record<string, unknown>);
  }

  private fields<T extends Record<string, unknown>>(record: T): T {
    for (const name of Object.keys(record)) {
      const part = record[name];
      if (!mayBeWritten(part)) continue;
      // `JSON.parse` makes even `__proto__` an own property.
      (record as Record<string, unknown>)[name] = this.read(part);
    }
    return record;
  }

  private list(list: unknown[]): unknown {
    const [tag] = list;
    if (typeof tag === 'string' && tag.startsWith(TAG)) return this.tagged(tag, list);
    this.objects.push(list);
    for (let i = 0; i < list.length; i++) {
      if (mayBeWritten(list[i])) list[i] = this.read(list[i]);
    }
    return list;
  }

  private tagged(tag: string, list: readonly unknown[]): unknown {
    const [, first, second, third] = list;
    switch (tag) {
      case INSTANCE:
        return this.instance(first, second);
      case BARE_RECORD: {
        if (typeof first !== 'object' || first === null || Array.isArray(first)) throw damaged();
        const bare = this.known(Object.create(null) as Record<string, unknown>);
        return this.fields(Object.assign(bare, first));
      }
      case '~#Map':
        return this.pairs(list);
      case '~#Set': {
        const set = this.known(new Set());
        for (let i = 1; i < list.length; i++) set.add(this.read(list[i]));
        return set;
      }
      case '~#RegExp': {
        const pattern = this.known(new RegExp(first as string, second as string));
        pattern.lastIndex = third as number;
        return pattern;
      }
      case '~#Error':
        return this.error(list);
      default:
        return this.known(bytesOf(tag.slice(TAG.length), first));
    }
  }

  private instance(name: unknown, data: unknown): unknown {
    const type = this.types.named(name);
    if (type === undefined) throw new SerializationError(`Unknown type ${describe(name)}.`);
    const number = this.objects.push(undefined) - 1;
    return (this.objects[number] = type.decode(this.read(data)));
  }

  private pairs(list: readonly unknown[]): unknown {
    const map = this.known(new Map());
    for (let i = 1; i + 1 < list.length; i += 2) {
      const key = this.read(list[i]);
      map.set(key, this.read(list[i + 1]));
    }
    return map;
  }

  private error(list: readonly unknown[]): unknown {
    const error = this.known(newError(String(list[1])));
    if (typeof list[2] === 'string') define(error, 'stack', list[2], false);
    for (let i = 3; i + 2 < list.length; i += 3) {
      const key = String(list[i]);
      if (!ERROR_PROPERTIES.has(key)) throw damaged();
      define(error, key, this.read(list[i + 2]), list[i + 1] === true);
    }
    return error;
  }

  private known<T>(object: T): T {
    this.objects.push(object);
    return object;
  }
}

function mayBeWritten(part: unknown): boolean {
  return typeof part === 'string'
    ? part.startsWith(ESCAPE)
    : typeof part === 'object' && part !== null;
}

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView;

function bytesOf(name: string, base64: unknown): object {
  if (typeof base64 !== 'string') throw damaged();
  const bytes = Buffer.from(base64, 'base64');
  if (name === 'Buffer') return bytes;
  // A copy: small Buffers are slices of a pool.
  const { buffer } = new Uint8Array(bytes);
  if (name === 'ArrayBuffer') return buffer;
  const view = (globalThis as unknown as Record<string, ViewClass | undefined>)[name];
  if (!isViewClass(name) || view === undefined) throw damaged();
  return new view(buffer);
}

function damaged(): SerializationError {
  return new SerializationError('The stored value is damaged.');
}
