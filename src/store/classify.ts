import { types } from 'node:util';

import { SerializationError } from '../base/errors.js';
import { isPlain } from '../base/plain.js';

/** What it takes to carry a value: JSON as it is, or a codec that keeps types. */
export type Shape = 'json' | 'typed';

/**
 * Looks at every part of a value once and says how it can be carried.
 *
 * @param isRegistered - Whether an instance belongs to one of the cache's `types`.
 * @throws SerializationError for what no codec could bring back as it was: functions, symbols,
 * promises, and instances of classes that are not registered.
 * @internal
 */
export function classify(value: unknown, isRegistered: (value: object) => boolean): Shape {
  const seen = new Set<object>();
  const pending: unknown[] = [value];
  let shape: Shape = 'json';
  // What JSON carries and msgpackr would change without a word.
  let jsonOnly: string | undefined;
  // A value at the top may be undefined in JSON's place; inside, only a typed codec keeps it.
  while (pending.length > 0) {
    const next = pending.pop();
    switch (typeof next) {
      case 'string':
        if (!isWellFormed(next)) jsonOnly = 'A string with a lone surrogate';
        continue;
      case 'boolean':
        continue;
      case 'number':
        // -0 becomes 0 in either shape.
        if (!Number.isFinite(next)) shape = 'typed';
        continue;
      case 'undefined':
      case 'bigint':
        shape = 'typed';
        continue;
      case 'function':
      case 'symbol':
        throw new SerializationError(`A ${typeof next} cannot be shared between processes.`);
      default:
        break;
    }
    if (next === null) continue;
    const object = next as object;
    if (seen.has(object)) {
      // JSON would repeat a shared part, and never end on a cycle.
      shape = 'typed';
      continue;
    }
    seen.add(object);
    if (Array.isArray(object)) {
      for (const item of object) pending.push(item);
    } else if (isPlain(object)) {
      if (typeof object['toJSON'] === 'function') shape = 'typed';
      for (const [name, item] of Object.entries(object)) {
        if (name === '__proto__') jsonOnly = "A property named '__proto__'";
        else if (!isWellFormed(name)) jsonOnly = 'A property name with a lone surrogate';
        pending.push(item);
      }
    } else {
      shape = 'typed';
      if (isRegistered(object)) continue;
      if (types.isMap(object)) for (const [key, item] of object) pending.push(key, item);
      else if (types.isSet(object)) for (const item of object) pending.push(item);
      else if (!isCarried(object)) throw unregistered(object);
      else if (types.isNativeError(object)) pending.push(causeOf(object, isRegistered));
    }
  }
  if (shape === 'typed' && jsonOnly !== undefined) {
    throw new SerializationError(`${jsonOnly} cannot be shared beside values that JSON lacks.`);
  }
  return shape;
}

/** The standard's method, which TypeScript's library for our oldest Node does not have yet. */
const isWellFormed: (text: string) => boolean = Function.prototype.call.bind(
  (String.prototype as unknown as { isWellFormed: () => boolean }).isWellFormed,
);

/** An error travels as name, message and cause; anything more must not be lost without a word. */
function causeOf(error: Error, isRegistered: (value: object) => boolean): unknown {
  const extra = Object.keys(error).find((name) => name !== 'name' && name !== 'cause');
  if (extra !== undefined) {
    throw new SerializationError(
      `An error with a property '${extra}' cannot be shared between processes as it is. ` +
        "Name its class in the cache's `types`, or return plain data.",
    );
  }
  const { cause } = error;
  if (typeof cause === 'object' && cause !== null && isRegistered(cause)) throw unregistered(cause);
  return cause;
}

const NATIVE_ERRORS: ReadonlySet<unknown> = new Set([
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
]);

function isCarried(object: object): boolean {
  if (types.isDate(object) || types.isRegExp(object) || types.isArrayBuffer(object)) return true;
  const name = constructorName(object);
  if (ArrayBuffer.isView(object)) return name === 'Buffer' || name in globalThis;
  return types.isNativeError(object) && NATIVE_ERRORS.has(name);
}

function unregistered(object: object): SerializationError {
  return new SerializationError(
    `An instance of ${constructorName(object) || 'a class'} cannot be shared between processes ` +
      "as it is. Name its class in the cache's `types`, or return plain data.",
  );
}

function constructorName(object: object): string {
  const { constructor } = object as { constructor?: { name?: unknown } };
  return typeof constructor?.name === 'string' ? constructor.name : '';
}
