import { Packr } from 'msgpackr';

import { describe } from '../base/duration.js';
import { SerializationError } from '../base/errors.js';
import { isPlain } from '../base/plain.js';
import { classify, type Shape } from './classify.js';
import { RowReader } from './row-reader.js';
import { writeRows } from './rows.js';

/** Turns values into text for the shared tier, and back. */
export interface Codec {
  /** One character that marks its entries; `j`, `m`, `r` and `z` are taken. */
  readonly tag: string;
  /** @throws whatever it likes; the value is then not shared. */
  encode(value: unknown): string;
  /** @throws for text that it did not write; the entry is then a miss. */
  decode(text: string): unknown;
}

/** How the instances of a class travel. */
export interface TypeCodec<T = never> {
  /** Name on the wire; keep it when the class is renamed. */
  readonly name: string;
  readonly class: abstract new (...args: never[]) => T;
  /** Plain data of an instance. */
  encode(instance: T): unknown;
  /** The instance, from its plain data. */
  decode(data: unknown): T;
}

/** Marks a registered instance inside plain data. */
const MARK = '$aurora';

/**
 * The default codec. Plain JSON is fastest as JSON, and readable in `redis-cli`; everything else
 * goes through msgpackr, which keeps Date, Map, Set, BigInt, typed arrays, undefined, NaN and
 * errors, as base64, since the adapter contract promises nothing but text.
 *
 * @internal
 */
export class TypedCodec {
  private readonly rows = new RowReader();
  private readonly packr = new Packr({ structuredClone: true, moreTypes: true, useRecords: true });

  constructor(private readonly types: readonly TypeCodec[]) {}

  /** Text behind its one-character tag. */
  encode(value: unknown): string {
    if (this.classify(value) === 'json') {
      const rows = writeRows(value);
      return rows === undefined ? `j${JSON.stringify(value)}` : `r${rows}`;
    }
    const plain =
      this.types.length > 0 ? mapped(value, (part, inner) => this.marked(part, inner)) : value;
    return `m${this.packr.pack(plain).toString('base64')}`;
  }

  decode(text: string): unknown {
    const body = text.slice(1);
    if (text.startsWith('j')) return JSON.parse(body);
    if (text.startsWith('r')) return this.rows.read(body);
    if (!text.startsWith('m')) throw new SerializationError(`Unknown codec '${text.charAt(0)}'.`);
    const value: unknown = this.packr.unpack(Buffer.from(body, 'base64'));
    return this.types.length > 0
      ? mapped(value, (part, inner) => this.unmarked(part, inner))
      : value;
  }

  private classify(value: unknown): Shape {
    return classify(value, (object) => this.typeOf(object) !== undefined);
  }

  private typeOf(value: object): TypeCodec | undefined {
    return this.types.find((type) => value instanceof type.class);
  }

  private marked(part: object, inner: Mapping): unknown {
    const type = this.typeOf(part);
    if (type !== undefined) {
      const data = type.encode(part as never);
      this.classify(data);
      return { [MARK]: type.name, data: inner(data) };
    }
    // A user's own property of that name must not be taken for the mark.
    return Object.hasOwn(part, MARK)
      ? { [MARK]: null, data: inner(Object.entries(part)) }
      : undefined;
  }

  private unmarked(part: object, inner: Mapping): unknown {
    if (!Object.hasOwn(part, MARK)) return undefined;
    const { [MARK]: name, data } = part as { [MARK]: unknown; data: unknown };
    if (name === null) return Object.fromEntries(inner(data) as [string, unknown][]);
    const type = this.types.find((candidate) => candidate.name === name);
    if (type === undefined) throw new SerializationError(`Unknown type ${describe(name)}.`);
    return type.decode(inner(data));
  }
}

type Mapping = (value: unknown) => unknown;

/**
 * A copy in which `replace` has taken the place of the parts that it answers for. Parts that occur
 * twice, and cycles, stay what they are.
 */
function mapped(value: unknown, replace: (part: object, inner: Mapping) => unknown): unknown {
  const done = new Map<object, unknown>();
  const inner: Mapping = (part) => {
    if (typeof part !== 'object' || part === null) return part;
    if (done.has(part)) return done.get(part);
    const replaced = replace(part, inner);
    if (replaced !== undefined) {
      done.set(part, replaced);
      return replaced;
    }
    if (Array.isArray(part)) {
      const copy: unknown[] = [];
      done.set(part, copy);
      for (const item of part) copy.push(inner(item));
      return copy;
    }
    if (part instanceof Map) {
      const copy = new Map<unknown, unknown>();
      done.set(part, copy);
      for (const [key, item] of part) copy.set(inner(key), inner(item));
      return copy;
    }
    if (part instanceof Set) {
      const copy = new Set<unknown>();
      done.set(part, copy);
      for (const item of part) copy.add(inner(item));
      return copy;
    }
    if (!isPlain(part)) return part;
    const copy: Record<string, unknown> = {};
    done.set(part, copy);
    for (const [name, item] of Object.entries(part)) copy[name] = inner(item);
    return copy;
  };
  return inner(value);
}
