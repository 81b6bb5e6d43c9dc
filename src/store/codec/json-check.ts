import { LIMITS } from '../../base/options/defaults.js';
import { builtinOf } from '../../base/values/builtin.js';
import { OversizeError } from '../../base/errors/oversize.js';
import { isBare } from '../../base/values/own-properties.js';
import { isPlain } from '../../base/values/plain.js';

/**
 * Whether JSON preserves a value exactly. Returns false for everything that JSON changes, drops or repeats:
 * other types, -0, holes, parts that occur twice, symbol keys, accessors, and properties that are not
 * enumerable.
 *
 * @param maxChars - Maximum length of the text.
 * @throws OversizeError as soon as the text is certain to be longer.
 * @internal
 */
export function isJson(value: unknown, maxChars: number): boolean {
  const check = new JsonCheck(maxChars);
  const holds = check.holds(value, 0, 0);
  check.checkSize();
  return holds;
}

/**
 * How many rows of a list are searched for accessors: usually, the same code creates all of them. A search
 * of every row makes the encoding of a list of 100 records take 1.26 times as long.
 */
const SEARCHED_ROWS = 4;

class JsonCheck {
  private readonly seen = new Set<object>();
  /** Minimum length of the text so far, in characters. */
  private chars = 0;

  constructor(private readonly maxChars: number) {}

  /** @param row - Index in the list around it; 0 outside one. */
  holds(value: unknown, depth: number, row: number): boolean {
    switch (typeof value) {
      case 'string':
        this.chars += value.length + 3;
        return true;
      case 'number':
        this.chars += 2;
        // False for NaN, Infinity and -0.
        return value === 0 ? 1 / value > 0 : value - value === 0;
      case 'boolean':
        this.chars += 5;
        return true;
      case 'object':
        return value === null || this.containerHolds(value, depth + 1, row);
      default:
        return false;
    }
  }

  checkSize(): void {
    if (this.chars > this.maxChars) throw new OversizeError();
  }

  private containerHolds(object: object, depth: number, row: number): boolean {
    const { seen } = this;
    const before = seen.size;
    seen.add(object);
    if (seen.size === before || depth > LIMITS.valueDepth) return false;
    this.chars += 3;
    this.checkSize();
    if (Array.isArray(object)) return this.listHolds(object, depth);
    return isPlain(object) && this.recordHolds(object, depth, row);
  }

  private listHolds(list: readonly unknown[], depth: number): boolean {
    const isPlainList =
      Object.getPrototypeOf(list) === Array.prototype || builtinOf(list) === 'Array';
    // Before the loop: a sparse array may have a length of a billion.
    if (list.length * 2 > this.maxChars) throw new OversizeError();
    if (!isPlainList || !isBare(list)) return false;
    // A hole reads as undefined, which is no JSON either.
    for (let i = 0; i < list.length; i++) if (!this.holds(list[i], depth, i)) return false;
    return true;
  }

  private recordHolds(
    record: Readonly<Record<string, unknown>>,
    depth: number,
    row: number,
  ): boolean {
    if (Object.getPrototypeOf(record) === null) return false;
    let count = 0;
    for (const name in record) {
      this.chars += name.length + 3;
      if (row < SEARCHED_ROWS && isAccessor(record, name)) return false;
      if (!this.holds(record[name], depth, 0)) return false;
      count++;
    }
    return (
      Object.getOwnPropertyNames(record).length === count &&
      Object.getOwnPropertySymbols(record).length === 0
    );
  }
}

function isAccessor(record: object, name: string): boolean {
  return Object.getOwnPropertyDescriptor(record, name)?.get !== undefined;
}
