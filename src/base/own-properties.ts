import { inspect, types } from 'node:util';

import { CacheKeyError } from './errors.js';

/** Own data of an object besides its elements, in the order of its names. */
export interface OwnProperties {
  readonly enumerable: readonly string[];
  readonly hidden: readonly string[];
}

const NONE: OwnProperties = Object.freeze({ enumerable: [], hidden: [] });

/** Up to these lengths, naming all elements is cheaper than having `inspect` pass over them. */
const FEW_ITEMS = 64;
const FEW_BYTES = 512;
/** The largest length of an array; not an index any more. */
const MAX_INDEX = 2 ** 32 - 1;
/** Prints everything of an object but its elements and the insides of its parts. */
const SHALLOW = {
  maxArrayLength: 0,
  maxStringLength: 0,
  depth: 0,
  showHidden: true,
  customInspect: false,
  compact: true,
  breakLength: Infinity,
} as const;

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
    // Query builders name their operators by symbols: to pass over them would mix up queries.
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
 * Whether an object has no such properties: the usual case, found without an array of all indices
 * if there are many.
 *
 * @internal
 */
export function isBare(value: object): boolean {
  if (Array.isArray(value)) {
    const { length } = value;
    // 'length' is older than every other property, and elements come first.
    if (length <= FEW_ITEMS) {
      const names = Reflect.ownKeys(value);
      return names[names.length - 1] === 'length';
    }
    const size = String(length);
    return inspect(value, SHALLOW) === `[ ... ${size} more items, [length]: ${size} ]`;
  }
  if (!isTypedArray(value)) return Reflect.ownKeys(value).length === 0;
  if (value.length <= FEW_BYTES) return Reflect.ownKeys(value).length === value.length;
  return inspect(value, SHALLOW) === inspect(bareView(value), SHALLOW);
}

function isTypedArray(value: object): value is Uint8Array {
  return ArrayBuffer.isView(value) && !types.isDataView(value);
}

/** Another view of the same bytes, without properties of its own. */
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
