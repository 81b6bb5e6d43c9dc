import { types } from 'node:util';

import { builtinOf } from '../../base/builtin.js';
import { isPlain } from '../../base/plain.js';
import type { SeededHash } from './seeded-hash.js';

/** Characters of its text above which a value is not compared: that would hold the event loop up. */
const MAX_CHARS = 16_384;
const MAX_DEPTH = 50;

/**
 * A number that differs, almost certainly, for values with different contents; `undefined` for values
 * that are large, or whose contents cannot be seen. It runs no code of the value, such as a getter, which
 * could use the store while that removes an entry.
 *
 * @internal
 */
export function digestOf(value: unknown, hash: SeededHash): number | undefined {
  const text = new ContentText();
  return text.add(value, 0) ? hash.of(text.parts.join('\n')) : undefined;
}

/** A text that is the same for equal contents, even if their names have another order. */
class ContentText {
  readonly parts: string[] = [];
  private size = 0;

  /** @returns Whether the value can be compared. */
  add(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case 'string':
        return this.push(`'${value}`);
      case 'function':
      case 'symbol':
        return false;
      case 'object':
        if (value === null) return this.push('null');
        if (depth > MAX_DEPTH || types.isProxy(value)) return false;
        return this.addObject(value, depth + 1) && this.push(')');
      default:
        return this.push(`${typeof value} ${Object.is(value, -0) ? '-0' : String(value)}`);
    }
  }

  private addObject(value: object, depth: number): boolean {
    const kind = builtinOf(value);
    if (!this.push(`(${kind}`)) return false;
    if (kind !== '' && ArrayBuffer.isView(value)) return this.addBytes(value);
    switch (kind) {
      case 'Map':
        return this.addAll(Map.prototype.entries.call(value), depth);
      case 'Set':
        return this.addAll(Set.prototype.values.call(value), depth);
      case 'Date':
        return this.push(String(Date.prototype.getTime.call(value)));
      case 'Array':
        return (value as unknown[]).length <= MAX_CHARS && this.addOwn(value, depth);
      case '':
        return this.addOwn(value, depth);
      default:
        return false;
    }
  }

  private addAll(items: Iterable<unknown>, depth: number): boolean {
    for (const item of items) if (!this.add(item, depth)) return false;
    return true;
  }

  private addBytes({ buffer, byteLength, byteOffset }: ArrayBufferView): boolean {
    if (byteLength > MAX_CHARS) return false;
    return this.push(Buffer.from(buffer, byteOffset, byteLength).toString('latin1'));
  }

  private addOwn(value: object, depth: number): boolean {
    const names = Object.keys(value);
    // An instance of a class may have its contents in private fields alone.
    if (names.length === 0) return Array.isArray(value) || isPlain(value);
    if (names.length > MAX_CHARS) return false;
    return names.sort().every((name) => {
      const property = Object.getOwnPropertyDescriptor(value, name);
      const isData = property !== undefined && 'value' in property;
      return isData && this.push(`${name}=`) && this.add(property.value, depth);
    });
  }

  /** @returns Whether the text is still short enough. */
  private push(part: string): boolean {
    this.parts.push(part);
    this.size += part.length + 1;
    return this.size <= MAX_CHARS;
  }
}
