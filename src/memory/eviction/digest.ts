import { types } from 'node:util';

import type { SeededHash } from './seeded-hash.js';

/** Values with longer texts are not compared, since that would block the event loop. */
const MAX_CHARS = 16_384;
const MAX_DEPTH = 50;

/**
 * A number that differs, almost certainly, for values with different contents. `undefined` for large
 * values, and for those that are not made of records, lists, maps, sets, dates and primitives. It runs no
 * code of the value, such as a getter, which could use the store while that removes an entry.
 *
 * @internal
 */
export function digestOf(value: unknown, hash: SeededHash): number | undefined {
  const text = new ContentText();
  return text.add(value, 0) ? hash.of(text.parts.join('\n')) : undefined;
}

/** A text that is the same for equal contents only. */
class ContentText {
  readonly parts: string[] = [];
  private size = 0;

  /** @returns Whether the value can be compared. */
  add(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case 'string':
        return this.pushText(value);
      case 'number':
        return this.push(Object.is(value, -0) ? '-0' : String(value));
      case 'bigint':
        return BigInt.asIntN(256, value) === value && this.push(`${String(value)}n`);
      case 'boolean':
      case 'undefined':
        return this.push(String(value));
      case 'object':
        if (value === null) return this.push('null');
        return depth < MAX_DEPTH && this.addObject(value, depth + 1) && this.push(')');
      default:
        return false;
    }
  }

  private addObject(value: object, depth: number): boolean {
    if (types.isProxy(value)) return false;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (Array.isArray(value)) {
      return prototype === Array.prototype && this.push('List(') && this.addList(value, depth);
    }
    if (types.isMap(value)) {
      const entries = Map.prototype.entries.call(value);
      return prototype === Map.prototype && this.push('Map(') && this.addAll(entries, depth);
    }
    if (types.isSet(value)) {
      const items = Set.prototype.values.call(value);
      return prototype === Set.prototype && this.push('Set(') && this.addAll(items, depth);
    }
    if (types.isDate(value)) return this.push(`Date(${String(Date.prototype.getTime.call(value))}`);
    const isRecord = prototype === null || prototype === Object.prototype;
    return isRecord && this.push('Record(') && this.addRecord(value, depth);
  }

  private addList(list: readonly unknown[], depth: number): boolean {
    for (let i = 0; i < list.length; i++) if (!this.addProperty(list, i, depth)) return false;
    return true;
  }

  private addAll(items: Iterable<unknown>, depth: number): boolean {
    for (const item of items) if (!this.add(item, depth)) return false;
    return true;
  }

  private addRecord(record: object, depth: number): boolean {
    const names = Reflect.ownKeys(record);
    return (
      names.length <= MAX_CHARS && names.every((name) => this.addProperty(record, name, depth))
    );
  }

  private addProperty(of: object, name: string | symbol | number, depth: number): boolean {
    const property = Object.getOwnPropertyDescriptor(of, name) ?? { value: undefined };
    if (typeof name === 'symbol' || !('value' in property)) return false;
    return (typeof name === 'number' || this.pushText(name)) && this.add(property.value, depth);
  }

  /** With its length, since a text may contain the separator of the parts. */
  private pushText(text: string): boolean {
    return this.push(`${String(text.length)}:${text}`);
  }

  /** @returns Whether the text is still short enough. */
  private push(part: string): boolean {
    this.parts.push(part);
    this.size += part.length + 1;
    return this.size <= MAX_CHARS;
  }
}
