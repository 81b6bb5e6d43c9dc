import { escapeStructured } from './escape.js';

/*
 * Callers usually pass records of a few shapes. The sorted and escaped names, which their keys share, are
 * computed once per shape and kept in a small table. Without the table, `shapeOf` would make a
 * new shape for every record, with the same result, and a hit by an object of five fields would take
 * more than twice as long (`npm run bench -- ablation`).
 */

/** The part of the key that all records with the same names in the same order share. */
export interface RecordShape {
  readonly names: readonly string[];
  /** Positions of the names, in the order in which they are encoded. */
  readonly order: readonly number[];
  /** The text before each value, in that order: `(a=`, then `,b=`. */
  readonly labels: readonly string[];
  /** Whether such a record may have its own `toCacheKey` or `toJSON`. */
  readonly mayFormat: boolean;
}

/** Size of the table. */
const SLOTS = 64;
/** A record with more names is probably a dictionary, whose names are data. */
const MAX_NAMES = 32;
const slots = new Array<RecordShape | undefined>(SLOTS).fill(undefined);

/**
 * The shape of the records with these names.
 *
 * @param names - Own enumerable ones, as `Object.keys` returns them.
 * @internal
 */
export function shapeOf(names: readonly string[]): RecordShape {
  const { length } = names;
  if (length === 0 || length > MAX_NAMES) return newShape(names);
  const first = names[0] as string;
  const last = names[length - 1] as string;
  const slot = (length * 7 + first.length * 5 + last.length * 3 + first.charCodeAt(0)) % SLOTS;
  const known = slots[slot];
  // An empty name has no first character: its slot is NaN, and `slots[NaN]` would be a property.
  if (known !== undefined && isSame(known.names, names)) return known;
  const shape = newShape(names);
  if (first !== '') slots[slot] = shape;
  return shape;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function newShape(names: readonly string[]): RecordShape {
  const order = sorted(names);
  return {
    names,
    order,
    labels: order.map((at, i) => `${i === 0 ? '(' : ','}${escapeStructured(names[at] ?? '')}=`),
    mayFormat: names.includes('toJSON') || names.includes('toCacheKey'),
  };
}

/** Positions, by the names' UTF-16 units: the same in every process and locale. */
function sorted(names: readonly string[]): number[] {
  const positions = names.map((_, at) => at);
  return positions.sort((a, b) => ((names[a] as string) < (names[b] as string) ? -1 : 1));
}
