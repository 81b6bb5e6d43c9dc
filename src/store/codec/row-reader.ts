import { define } from '../../base/values/builtin.js';
import { SerializationError } from '../../base/errors/errors.js';
import { ANY, MAX_NAMES, MAX_SCHEMA_CHARS } from './rows.js';

/** Maximum number of readers that are kept. */
const MAX_READERS = 100;

/** Builds a value from its cells. */
type Reader = (cells: unknown) => unknown;

/** Builds an object from the cells that begin at `start`. */
type RowMaker = (cells: readonly unknown[], start: number) => object;

/**
 * Decodes the output of `writeRows`. Schemas recur, so their readers are kept.
 *
 * @internal
 */
export class RowReader {
  private readonly readers = new Map<string, Reader>();

  /** Number of readers that are kept. */
  get size(): number {
    return this.readers.size;
  }

  /** @throws SerializationError or SyntaxError for anything else. */
  read(text: string): unknown {
    const end = text.indexOf('\n');
    if (end < 0 || end > MAX_SCHEMA_CHARS) throw damaged();
    const schema = text.slice(0, end);
    const read = this.readers.get(schema) ?? this.prepare(schema);
    return read(JSON.parse(text.slice(end + 1)));
  }

  private prepare(schema: string): Reader {
    const parsed: unknown = JSON.parse(schema);
    const read = readerOf(parsed);
    if (read === undefined) throw damaged();
    if (this.readers.size >= MAX_READERS) {
      this.readers.delete(this.readers.keys().next().value as string);
    }
    // A new string, since a slice would retain the whole text.
    this.readers.set(JSON.stringify(parsed), read);
    return read;
  }
}

/** Returns the reader of a schema; `undefined` if values need no conversion. */
function readerOf(schema: unknown): Reader | undefined {
  if (schema === ANY) return undefined;
  if (typeof schema !== 'object' || schema === null) throw damaged();
  if (!Array.isArray(schema)) return readerOfObject(schema);
  const [row] = schema as unknown[];
  if (schema.length !== 1 || typeof row !== 'object' || row === null) throw damaged();
  return readerOfList(row);
}

function readerOfObject(row: object): Reader {
  const names = namesOf(row);
  const make = rowMaker(names, row);
  return (cells) => {
    if (cells === null) return null;
    if (!Array.isArray(cells) || cells.length !== names.length) throw damaged();
    return make(cells, 0);
  };
}

function readerOfList(row: object): Reader {
  const names = namesOf(row);
  const make = rowMaker(names, row);
  const width = names.length;
  return (cells) => {
    if (cells === null) return null;
    if (!Array.isArray(cells) || cells.length % width !== 0) throw damaged();
    const list: unknown[] = [];
    for (let i = 0; i < cells.length; i += width) list.push(make(cells, i));
    return list;
  };
}

/** @throws SerializationError for a schema that the writer does not produce. */
function namesOf(row: object): string[] {
  const names = Object.keys(row);
  if (names.length === 0 || names.length > MAX_NAMES || Array.isArray(row)) throw damaged();
  if (names.includes('__proto__')) throw damaged();
  return names;
}

/**
 * Returns a function that builds objects with these names. Code generated from the schema would be 1.4 times
 * as fast, but some runtimes and security policies forbid it.
 */
function rowMaker(names: readonly string[], row: object): RowMaker {
  const readers = Object.values(row).map(readerOf);
  // An inherited property may be frozen, or a setter: define it on the object itself, as `JSON.parse` does.
  const isInherited = names.some((name) => name in Object.prototype);
  return (cells, start) => {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const cell = cells[start + i];
      const read = readers[i];
      const value = read === undefined ? cell : read(cell);
      if (isInherited) define(object, name, value, true);
      else object[name] = value;
    }
    return object;
  };
}

function damaged(): SerializationError {
  return new SerializationError('The stored rows are damaged.');
}
