import { LIMITS } from '../options/defaults.js';
import { escapeStructured } from './escape.js';
import { isBare } from '../values/own-properties.js';
import { isPlain } from '../values/plain.js';
import { shapeOf, type RecordShape } from './record-shape.js';

/*
 * A fast path of `canonical.ts` for the most frequent structured arguments: records and lists that
 * hold nothing but primitives. Such a value has no cycle, no depth and no member that cannot be
 * encoded, so its text is made in one loop. Every other value is left to the encoder there, which
 * returns the same text for these.
 */

/** Longer lists are rare, and take long in any case. */
const MAX_ITEMS = 1000;

/**
 * Canonical text of a record or an array that holds nothing but primitives.
 *
 * @returns `undefined` for anything else.
 * @internal
 */
export function flatText(value: object): string | undefined {
  return Array.isArray(value) ? flatList(value) : flatRecord(value);
}

/**
 * The same for a record; `undefined` for an array.
 *
 * @internal
 */
export function flatRecord(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !isPlain(value)) return undefined;
  const names = Object.keys(value);
  const shape = shapeOf(names);
  if (shape.mayFormat || names.length === 0) return undefined;
  const values = Object.values(value);
  // A getter may have added or removed a member.
  if (values.length !== names.length) return undefined;
  const text = membersText(shape, values);
  if (text === undefined || text.length >= LIMITS.argumentChars) return undefined;
  return hasHidden(value, names.length) ? undefined : `${text})`;
}

function membersText(
  { order, labels }: RecordShape,
  values: readonly unknown[],
): string | undefined {
  let text = '';
  for (let i = 0; i < order.length; i++) {
    const value = values[order[i] as number];
    text += labels[i] as string;
    switch (typeof value) {
      case 'string':
        text += `'${escapeStructured(value)}`;
        break;
      case 'number':
      case 'boolean':
      case 'undefined':
        text += String(value);
        break;
      default:
        return undefined;
    }
  }
  return text;
}

function flatList(value: readonly unknown[]): string | undefined {
  if (Object.getPrototypeOf(value) !== Array.prototype || value.length > MAX_ITEMS) {
    return undefined;
  }
  let text = '(';
  for (let i = 0; i < value.length; i++) {
    const item = value[i];
    if (i > 0) text += ',';
    if (typeof item === 'string') text = `${text}'${escapeStructured(item)}`;
    else if (typeof item === 'number' || typeof item === 'boolean') text += String(item);
    else return undefined;
  }
  if (text.length >= LIMITS.argumentChars || 'toCacheKey' in value) return undefined;
  return isBare(value) ? `${text})` : undefined;
}

/**
 * Whether a record has own properties that `Object.keys` leaves out.
 *
 * @param count - How many names `Object.keys` returned.
 * @internal
 */
export function hasHidden(value: object, count: number): boolean {
  return (
    Object.getOwnPropertyNames(value).length !== count ||
    Object.getOwnPropertySymbols(value).length > 0
  );
}
