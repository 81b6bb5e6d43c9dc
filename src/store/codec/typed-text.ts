/*
 * JSON that keeps types. Values that JSON lacks are strings that begin with `~`, or arrays whose
 * first item begins with `~#`. A user's string that begins with `~` is escaped with a second `~`.
 *
 *     ~u  undefined      ~N  NaN      ~I ~J  Infinity, -Infinity      ~0  -0
 *     ~n2a  ~n-2a  bigint, hexadecimal      ~D1700000000000  ~DNaN  Date
 *     ~@3  the object that was number 3, in the order of their first occurrence, counted from 0
 *     ["~#null", {…}]  record without prototype
 *     ["~#Map", key, value, …]   ["~#Set", item, …]   ["~#RegExp", source, flags, lastIndex]
 *     ["~#Buffer", base64]  the same for every typed array, DataView and ArrayBuffer
 *     ["~#Error", class, stack, name of property, enumerable, value, …]
 *     ["~#!", name of the type, data]  instance of a class among the cache's `types`
 */

/** First character of every string that stands for something else. */
export const ESCAPE = '~';

/** First item of a list that stands for another type. */
export const TAG = '~#';
export const INSTANCE = '~#!';
export const BARE_RECORD = '~#null';

/** Own properties of an error that are encoded, besides its stack. */
export const ERROR_PROPERTIES: ReadonlySet<string> = new Set(['message', 'name', 'cause']);
