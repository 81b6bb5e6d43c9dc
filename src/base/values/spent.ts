import { isPlain } from './plain.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- the shapes of all iterators and streams */

/** Types of values that can be read only once, as far as types show it. */
export type Spent =
  | null
  | undefined
  | (Iterator<any, any, any> & Iterable<any>)
  | AsyncIterable<any>
  | Record<'pipe' | 'on', (...args: any[]) => any>
  | Record<'getReader', (...args: any[]) => any>
  | Record<'getWriter', (...args: any[]) => any>
  | (Record<'bodyUsed', boolean> & Record<'arrayBuffer', () => Promise<ArrayBuffer>>);

/** The type in place of a cached function or method whose result is {@link Spent}. */
export type NotCacheable =
  'An iterator, a stream or a Response can be read only once and cannot be cached: return its data';

/* eslint-enable @typescript-eslint/no-explicit-any */

/** Maximum number of parts that are examined: this runs for every load. */
const MAX_PARTS = 100;
/** Nesting depth down to which containers are searched. */
const MAX_DEPTH = 3;

/**
 * Finds a part of a value that can be read only once: an iterator, a generator, a stream, or the body of a
 * `Response`. A cache must not hand it to a second caller. Only structure counts, so that
 * look-alikes from other packages and realms are recognised.
 *
 * Plain objects and arrays are searched as well, up to a number of parts: clients return `{ body: stream }`.
 *
 * @returns Its kind, for messages; `undefined` for a value that any number of callers can use, and
 * for parts behind a getter or a proxy that throws.
 * @internal
 */
export function spentPart(value: unknown): string | undefined {
  return isObject(value) ? new Search().of(value, 0) : undefined;
}

class Search {
  private parts = 0;

  of(object: object, depth: number): string | undefined {
    try {
      const kind = kindOf(object);
      if (kind !== undefined || depth > MAX_DEPTH) return kind;
      if (Array.isArray(object)) return this.inList(object, depth);
      return isPlain(object) ? this.inRecord(object, depth) : undefined;
    } catch {
      // A proxy.
      return undefined;
    }
  }

  private inRecord(record: Readonly<Record<string, unknown>>, depth: number): string | undefined {
    for (const name in record) {
      if (this.parts >= MAX_PARTS) return undefined;
      const kind = this.at(record, name, depth);
      if (kind !== undefined) return kind;
    }
    return undefined;
  }

  private inList(list: readonly unknown[], depth: number): string | undefined {
    // By index: a sparse array may have a length of a billion.
    for (let i = 0; i < list.length && this.parts < MAX_PARTS; i++) {
      const kind = this.at(list, i, depth);
      if (kind !== undefined) return kind;
    }
    return undefined;
  }

  private at(container: object, name: string | number, depth: number): string | undefined {
    this.parts++;
    const part = memberOf(container, name);
    return isObject(part) ? this.of(part, depth + 1) : undefined;
  }
}

/** A member of an object; `undefined` where reading it throws. */
function memberOf(object: object, name: string | number): unknown {
  try {
    return (object as Record<string | number, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** The members by which a value that can be read once is recognised. */
interface Suspect {
  readonly next?: unknown;
  readonly return?: unknown;
  readonly throw?: unknown;
  readonly pipe?: unknown;
  readonly on?: unknown;
  readonly getReader?: unknown;
  readonly getWriter?: unknown;
  readonly releaseLock?: unknown;
  readonly readable?: unknown;
  readonly bodyUsed?: unknown;
  readonly arrayBuffer?: unknown;
  readonly [Symbol.iterator]?: unknown;
  readonly [Symbol.asyncIterator]?: unknown;
}

function kindOf(object: object): string | undefined {
  try {
    // The most common kinds are recognised without their members.
    if (Array.isArray(object) || ArrayBuffer.isView(object)) return undefined;
    const suspect = object as Suspect;
    if (isFunction(suspect[Symbol.asyncIterator])) {
      return isFunction(suspect.next) ? 'an async iterator' : 'an async iterable';
    }
    if (isFunction(suspect.next) && isIterator(suspect)) return 'an iterator';
    if (isFunction(suspect.pipe) && isFunction(suspect.on)) return 'a stream';
    if (isWebStream(suspect) || isWebStream(suspect.readable)) return 'a stream';
    if (typeof suspect.bodyUsed === 'boolean' && isFunction(suspect.arrayBuffer)) {
      return 'a Request or Response';
    }
  } catch {
    // A getter or a proxy that throws.
  }
  return undefined;
}

/** A list node or a page may have a `next` as well: an iterator is iterable, or has no other members. */
function isIterator(suspect: Suspect): boolean {
  if (isFunction(suspect[Symbol.iterator])) return true;
  if (isFunction(suspect.return) && isFunction(suspect.throw)) return true;
  return (
    isPlain(suspect) &&
    Object.keys(suspect).every((name) => name === 'next' || name === 'return' || name === 'throw')
  );
}

function isWebStream(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { getReader, getWriter, releaseLock } = value as Suspect;
  return isFunction(getReader) || isFunction(getWriter) || isFunction(releaseLock);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
