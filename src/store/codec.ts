import { Packr } from 'msgpackr';

import { describe } from '../base/duration.js';
import { SerializationError } from '../base/errors.js';
import { isPlain } from '../base/plain.js';
import { classify } from './classify.js';

/** Turns values into text for the shared tier, and back. */
export interface Codec {
  /** One character that marks its entries; `j` and `m` are taken. */
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
  private readonly packr = new Packr({ structuredClone: true, moreTypes: true, useRecords: true });

  constructor(private readonly types: readonly TypeCodec[]) {}

  /** Text behind its one-character tag. */
  encode(value: unknown): string {
    const shape = classify(value, (object) => this.typeOf(object) !== undefined);
    if (shape === 'json') return `j${JSON.stringify(value)}`;
    const plain = this.types.length > 0 ? this.mapped(value, (part) => this.marked(part)) : value;
    return `m${this.packr.pack(plain).toString('base64')}`;
  }

  decode(text: string): unknown {
    const body = text.slice(1);
    if (text.startsWith('j')) return JSON.parse(body);
    if (!text.startsWith('m')) throw new SerializationError(`Unknown codec '${text.charAt(0)}'.`);
    const value: unknown = this.packr.unpack(Buffer.from(body, 'base64'));
    return this.types.length > 0 ? this.mapped(value, (part) => this.unmarked(part)) : value;
  }

  private typeOf(value: object): TypeCodec | undefined {
    return this.types.find((type) => value instanceof type.class);
  }

  private marked(part: object): unknown {
    const type = this.typeOf(part);
    if (type !== undefined) return { [MARK]: type.name, data: type.encode(part as never) };
    // A user's own property of that name must not be taken for the mark.
    return Object.hasOwn(part, MARK) ? { [MARK]: null, data: { ...part } } : undefined;
  }

  private unmarked(part: object): unknown {
    if (!Object.hasOwn(part, MARK)) return undefined;
    const { [MARK]: name, data } = part as { [MARK]: unknown; data: unknown };
    if (name === null) return data;
    const type = this.types.find((candidate) => candidate.name === name);
    if (type === undefined) throw new SerializationError(`Unknown type ${describe(name)}.`);
    return type.decode(data);
  }

  /** A copy in which `replace` has taken the place of the parts that it answers for. */
  private mapped(value: unknown, replace: (part: object) => unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const replaced = replace(value);
    if (replaced !== undefined) return replaced;
    if (Array.isArray(value)) return value.map((item) => this.mapped(item, replace));
    if (value instanceof Map) {
      return new Map(
        Array.from(value, ([k, v]) => [this.mapped(k, replace), this.mapped(v, replace)]),
      );
    }
    if (value instanceof Set) return new Set(Array.from(value, (v) => this.mapped(v, replace)));
    if (!isPlain(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, this.mapped(item, replace)]),
    );
  }
}
