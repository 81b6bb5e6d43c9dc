import { types } from 'node:util';

/*
 * This folder distinguishes kinds of values: built-in and plain objects, values that can be read only once
 * (`spent`), and classes that the user has named (`type-table`).
 */

/** Native error classes; all others are the user's. */
const ERRORS: ReadonlySet<string> = new Set([
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
]);

const TYPED_ARRAY = /^(?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array$/;

/** Names by prototype: there are few, and they are looked up often. */
const names = new WeakMap<object, string>();

/**
 * The name of the built-in class that an object is a direct instance of, whichever realm it comes
 * from: `Array`, `Map`, `Set`, `Date`, `RegExp`, `ArrayBuffer`, `DataView`, `Buffer`, a typed array or
 * a native error. The empty string for everything else: subclasses, objects that only have such a prototype,
 * and views of memory that is shared or resizable.
 *
 * @internal
 */
export function builtinOf(object: object): string {
  const prototype = Object.getPrototypeOf(object) as object | null;
  if (prototype === null) return '';
  let name = names.get(prototype);
  if (name === undefined) names.set(prototype, (name = nameOf(prototype)));
  return name !== '' && isBranded(object, name) ? name : '';
}

function nameOf(prototype: object): string {
  if (prototype === Buffer.prototype) return 'Buffer';
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof maker !== 'function' || maker.prototype !== prototype) return '';
  // A user's class may have the same name.
  return Function.prototype.toString.call(maker).endsWith('{ [native code] }') ? maker.name : '';
}

function isBranded(object: object, name: string): boolean {
  switch (name) {
    case 'Array':
      return Array.isArray(object);
    case 'Map':
      return types.isMap(object);
    case 'Set':
      return types.isSet(object);
    case 'Date':
      return types.isDate(object);
    case 'RegExp':
      return types.isRegExp(object);
    case 'ArrayBuffer':
      return isOwnMemory(object as ArrayBuffer);
    case 'DataView':
      return types.isDataView(object) && isOwnMemory(object.buffer);
    case 'Buffer':
      return types.isUint8Array(object) && isOwnMemory(object.buffer);
    default:
      if (ERRORS.has(name)) return types.isNativeError(object);
      return (
        types.isTypedArray(object) &&
        object[Symbol.toStringTag] === name &&
        isOwnMemory(object.buffer)
      );
  }
}

/** Whether a buffer is neither shared with other threads nor resizable. */
function isOwnMemory(buffer: ArrayBufferLike): boolean {
  return types.isArrayBuffer(buffer) && (buffer as { resizable?: boolean }).resizable !== true;
}

/** @internal */
export function isErrorClass(name: string): boolean {
  return ERRORS.has(name);
}

/**
 * Whether a name is that of a view of bytes.
 *
 * @internal
 */
export function isViewClass(name: string): boolean {
  return name === 'Buffer' || name === 'DataView' || TYPED_ARRAY.test(name);
}

/**
 * A new, empty error of a native class.
 *
 * @throws TypeError if the name is not that of a native error class.
 * @internal
 */
export function newError(name: string): Error {
  if (!ERRORS.has(name)) throw new TypeError(`${name} is no native error.`);
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return new (globalThis as unknown as Record<string, new () => Error>)[name]!();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/**
 * Sets an own property, even if the prototype has a setter of that name.
 *
 * @internal
 */
export function define(object: object, key: PropertyKey, value: unknown, enumerable = true): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}
