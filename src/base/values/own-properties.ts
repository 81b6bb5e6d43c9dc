import { inspect, types } from 'node:util';

import { CacheKeyError } from '../errors/errors.js';

/** Own data of an object besides its elements, in the order of its names. */
export interface OwnProperties {
  readonly enumerable: readonly string[];
  readonly hidden: readonly string[];
}

const NONE: OwnProperties = Object.freeze({ enumerable: [], hidden: [] });

/** Lengths up to which listing all keys is cheaper than `inspect`, which skips the elements. */
const FEW_ITEMS = 20;
const FEW_BYTES = 512;
/** The maximum length of an array, which is not a valid index. */
const MAX_INDEX = 2 ** 32 - 1;
/** Prints the own properties of an object, but neither its elements nor the contents of its parts. */
const SHALLOW = {
  maxArrayLength: 0,
  maxStringLength: 0,
  depth: 0,
  showHidden: true,
  getters: false,
  customInspect: false,
} as const;
/** As `SHALLOW` prints it: the number of elements, and `length`. */
const COMMAS_OF_BARE_LIST = 1;

/**
 * Names of an object's own properties that are not its elements.
 *
 * @throws CacheKeyError when one of them is a symbol, or hidden code instead of data.
 * @internal
 */
export function ownProperties(value: object): OwnProperties {
  if (isBare(value)) return NONE;
  const isList = Array.isArray(value);
  const hasElements = isList || ArrayBuffer.isView(value);
  const enumerable: string[] = [];
  const hidden: string[] = [];
  for (const name of Reflect.ownKeys(value)) {
    // Query builders use symbols as operators: ignoring them would confuse queries.
    if (typeof name === 'symbol') {
      throw new CacheKeyError('it has properties whose names are symbols');
    }
    if ((hasElements && isIndex(name)) || (isList && name === 'length')) continue;
    const property = Object.getOwnPropertyDescriptor(value, name);
    if (property?.enumerable === true) enumerable.push(name);
    else if (property?.get === undefined) hidden.push(name);
    else throw new CacheKeyError(`its property ${name} is a getter that is not enumerable`);
  }
  return { enumerable: enumerable.sort(), hidden: hidden.sort() };
}

/**
 * Whether an object has no own properties besides its elements. Holes in arrays are not detected.
 *
 * @internal
 */
export function isBare(value: object): boolean {
  if (Array.isArray(value)) {
    // Commas separate the properties, even if the program has changed `inspect.defaultOptions`.
    if (value.length > FEW_ITEMS) {
      return inspect(value, SHALLOW).split(',').length - 1 === COMMAS_OF_BARE_LIST;
    }
    // Elements come first, and 'length' is older than every other property.
    const names = Reflect.ownKeys(value);
    return names[names.length - 1] === 'length';
  }
  if (!isTypedArray(value)) return Reflect.ownKeys(value).length === 0;
  if (value.length <= FEW_BYTES) return Reflect.ownKeys(value).length === value.length;
  return inspect(value, SHALLOW) === inspect(bareView(value), SHALLOW);
}

/**
 * As {@link isBare}, for a view whose bytes are to be encoded or copied. In a long one it finds only
 * what is enumerable or named by a symbol: looking for the rest takes longer than encoding the bytes.
 *
 * @internal
 */
export function isBareView(view: ArrayBufferView): boolean {
  if (!isTypedArray(view) || view.length <= FEW_ITEMS) return isBare(view);
  if (Object.getOwnPropertySymbols(view).length > 0) return false;
  return !inspect(view, { ...SHALLOW, showHidden: false }).includes(',');
}

function isTypedArray(value: object): value is Uint8Array {
  return ArrayBuffer.isView(value) && !types.isDataView(value);
}

/** Another view of the same bytes, without own properties. */
function bareView(value: Uint8Array): object {
  const { buffer, byteOffset, length } = value;
  // The name of the built-in class, also for instances of a subclass.
  const name = value[Symbol.toStringTag];
  const view = new globalThis[name](buffer, byteOffset, length);
  return Object.setPrototypeOf(view, Object.getPrototypeOf(value) as object) as object;
}

/** Elements are named by the canonical text of an integer. */
function isIndex(name: string): boolean {
  const index = Number(name);
  return index >= 0 && index < MAX_INDEX && Number.isInteger(index) && String(index) === name;
}
