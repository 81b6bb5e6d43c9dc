import { types } from 'node:util';

import { LIMITS } from '../base/options/defaults.js';
import { describe } from '../base/errors/describe.js';
import { ConfigurationError } from '../base/errors/errors.js';

/** Bytes that an entry costs beside key and value: the node, the map's slot, promise and index. */
const ENTRY_OVERHEAD = 250;
const POINTER = 8;
const OBJECT_HEADER = 32;
/** Integers up to here take as much as any small object; longer ones are measured. */
const SMALL_BIGINT = 2n ** 64n;

/**
 * Estimates the heap that a value takes, in bytes. Replaceable by the `sizeOf` option.
 *
 * @param value - Anything; shared parts and cycles count once.
 * @param limit - Where to stop counting: a value that is already too large need not be walked.
 * @returns Bytes, or something above `limit`, `Infinity` included: the value is then not kept.
 */
export type SizeEstimator = (value: unknown, limit: number) => number;

/**
 * The estimate of an entry's size, in bytes.
 *
 * @throws ConfigurationError when the estimator returns a negative number, NaN or no number, which
 * would make the bound on all entries meaningless; or the error of the estimator itself.
 * @internal
 */
export function entrySize(
  key: string,
  value: unknown,
  sizeOf: SizeEstimator,
  limit: number,
): number {
  const bytes: unknown = sizeOf(value, limit);
  if (typeof bytes === 'number' && bytes >= 0) return ENTRY_OVERHEAD + 2 * key.length + bytes;
  throw new ConfigurationError(
    `sizeOf must return a number of bytes that is not negative; got ${describe(bytes)}. ` +
      'The value was not stored.',
  );
}

/**
 * The default estimator. It follows V8's layout roughly (two bytes a character, eight a pointer):
 * the bound that it serves is about the order of magnitude, not about the last byte. Of bytes, all
 * that a view keeps alive counts, not the part that it shows.
 */
export const estimateSize: SizeEstimator = (value, limit) => new Estimate(limit).of(value);

class Estimate {
  private readonly seen = new Set<object>();
  /** An explicit stack: a deep value must not overflow the call stack. */
  private readonly pending: unknown[] = [];
  private bytes = 0;

  constructor(private readonly limit: number) {}

  of(value: unknown): number {
    const { pending, seen } = this;
    pending.push(value);
    for (let parts = 0; pending.length > 0 && this.bytes <= this.limit; parts++) {
      // More work than a value may take.
      if (parts > LIMITS.valueParts) return Infinity;
      const next = pending.pop();
      this.bytes += primitiveSize(next);
      if (typeof next !== 'object' || next === null || seen.has(next)) continue;
      seen.add(next);
      this.bytes += OBJECT_HEADER;
      this.add(next);
    }
    return this.bytes;
  }

  private add(object: object): void {
    const { pending } = this;
    if (ArrayBuffer.isView(object)) pending.push(object.buffer);
    else if (types.isAnyArrayBuffer(object)) this.bytes += object.byteLength;
    else if (Array.isArray(object)) this.addItems(object, object.length);
    else if (types.isMap(object)) this.addItems(keysAndValues(object), 2 * object.size);
    else if (types.isSet(object)) this.addItems(object, object.size);
    else {
      // Not enumerable in an error, which may hold a whole response in its message.
      if (types.isNativeError(object)) pending.push(object.message, object.stack, object.cause);
      for (const item of Object.values(object)) {
        this.bytes += POINTER;
        pending.push(item);
      }
    }
  }

  private addItems(items: Iterable<unknown>, count: number): void {
    // Counted before they are walked: a sparse array may have a length of a billion.
    this.bytes += count > LIMITS.valueParts ? Infinity : count * POINTER;
    if (this.bytes > this.limit) return;
    for (const item of items) this.pending.push(item);
  }
}

function* keysAndValues(map: ReadonlyMap<unknown, unknown>): Generator<unknown> {
  for (const [key, item] of map) {
    yield key;
    yield item;
  }
}

function primitiveSize(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return 16 + 2 * value.length;
    case 'bigint':
      return value < SMALL_BIGINT && value > -SMALL_BIGINT
        ? 32
        : 32 + value.toString(16).length / 2;
    default:
      return POINTER;
  }
}
