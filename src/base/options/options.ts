import { describe } from '../errors/describe.js';
import { toMilliseconds } from '../time/duration.js';
import { ConfigurationError } from '../errors/errors.js';
import { suggestion } from './nearest-name.js';

/*
 * This folder is the one validator of options and arguments, with the defaults, the suggestion for a
 * misspelt name, and the checks of the Redis options and URL.
 */

/**
 * Checks one option or argument: returns a description of what is allowed when `value` is not allowed, and
 * `undefined` when it is.
 *
 * @internal
 */
export type Check = (value: unknown, option: string) => string | undefined;

type Checks<T extends object> = Readonly<Record<keyof T & string, Check>>;

/** Names that users may expect, and those of the options that they mean. */
type Aliases = Readonly<Record<string, string>>;

/**
 * Refuses unknown names and bad values of an options object.
 *
 * @param owner - The owner of the options, for the message: `@Cached`, `CacheManager`.
 * @param options - As the user passed them; `undefined` values count as absent.
 * @param checks - The known options.
 * @throws ConfigurationError that names the option, the value and what is allowed.
 * @internal
 */
export function checkOptions<T extends object>(owner: string, options: T, checks: Checks<T>): void {
  checkIsObject(owner, options);
  checkEach(owner, '', options, checks);
}

/**
 * Refuses one bad value, of an option or an argument.
 *
 * @param name - Owner and name, for the message: `CacheManager: memory.ttl`, `getMany: keys`.
 * @throws ConfigurationError that names the value and what is allowed.
 * @internal
 */
export function checkValue(name: string, value: unknown, check: Check): void {
  const allowed = check(value, name);
  if (allowed !== undefined) {
    throw new ConfigurationError(`${name} must be ${allowed}; got ${describe(value)}.`);
  }
}

/**
 * Refuses unknown names only, at a fraction of the cost: for the hits of calls with options.
 *
 * @throws ConfigurationError as {@link checkOptions}.
 * @internal
 */
export function checkNames<T extends object>(owner: string, options: T, checks: Checks<T>): void {
  checkIsObject(owner, options);
  for (const name in options) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(owner, '', name, checks);
  }
}

/** @param path - Of the options within those of the owner: `memory.`, or nothing. */
function checkEach(
  owner: string,
  path: string,
  options: object,
  checks: Checks<Record<string, unknown>>,
  aliases?: Aliases,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(owner, path, name, checks, aliases);
    if (value !== undefined) checkValue(`${owner}: ${path}${name}`, value, checks[name] as Check);
  }
}

/** Callers without types may pass anything. */
function checkIsObject(owner: string, options: unknown): void {
  if (!isRecord(options)) checkValue(`${owner}: options`, options, () => 'an object');
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @internal */
export function unknownOption(
  owner: string,
  path: string,
  name: string,
  checks: object,
  aliases: Aliases = {},
): ConfigurationError {
  const hint = Object.hasOwn(aliases, name)
    ? `Did you mean '${aliases[name] as string}'?`
    : suggestion(name, Object.keys(checks));
  const shown = describe(path + name);
  return new ConfigurationError(`${owner}: there is no option ${shown}. ${hint}`);
}

/**
 * The options within an option. Messages show the path: `CacheManager: memory.ttl`.
 *
 * @internal
 */
export const isOptions =
  <T extends object>(checks: Checks<T>, aliases?: Aliases): Check =>
  (value, option) => {
    if (!isRecord(value)) return `{ ${Object.keys(checks).join(', ')} }`;
    const [owner, path] = option.split(': ') as [string, string];
    checkEach(owner, `${path}.`, value, checks, aliases);
    return undefined;
  };

/**
 * The same check with a message that does not show the value, which may be a secret.
 *
 * @internal
 */
export const isSecret =
  (check: Check): Check =>
  (value, option) => {
    const allowed = check(value, option);
    if (allowed === undefined) return undefined;
    throw new ConfigurationError(`${option} must be ${allowed}.`);
  };

/** @internal */
export const isDuration: Check = (value, option) => {
  toMilliseconds(value, option);
  return undefined;
};

/** @internal */
export const isFunction: Check = (value) =>
  typeof value === 'function' ? undefined : 'a function';

/** @internal */
export const isBoolean: Check = (value) =>
  typeof value === 'boolean' ? undefined : 'true or false';

/** @internal */
export const isFalse: Check = (value) => (value === false ? undefined : 'false');

/** @internal */
export const isArray: Check = (value) => (Array.isArray(value) ? undefined : 'an array');

/** @internal */
export const isString: Check = (value) => (typeof value === 'string' ? undefined : 'a string');

/** @internal */
export const isNonEmptyString: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'a string that is not empty';

/** @internal */
export const isObject: Check = (value) =>
  typeof value === 'object' && value !== null ? undefined : 'an object';

/** @internal */
export const isIterable: Check = (value) =>
  Object(value) === value && Symbol.iterator in (value as object)
    ? undefined
    : 'an iterable object';

/** @internal */
export const isClock: Check = (value) =>
  ['now', 'monotonic', 'setTimeout', 'clearTimeout'].every(
    (name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function',
  )
    ? undefined
    : 'a Clock';

/**
 * The time to live in Keyv's contract.
 *
 * @internal
 */
export const isTtlMs: Check = (value) =>
  typeof value === 'number' && !Number.isNaN(value)
    ? undefined
    : 'a number of milliseconds; 0 for no expiry';

/** @internal */
export const isName: Check = (value) =>
  typeof value === 'string' && value !== '' && value.length <= 100
    ? undefined
    : 'a string of 1 to 100 characters';

/** @internal */
export const isAnything: Check = () => undefined;

/** @internal */
export const isOneOf =
  (...allowed: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && allowed.includes(value)
      ? undefined
      : allowed.map((one) => `'${one}'`).join(' or ');

/** @internal */
export const isIntegerIn =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `a whole number from ${String(min)} to ${String(max)}`;

/**
 * The first of several forms that an option may have.
 *
 * @internal
 */
export const isEither =
  (...forms: readonly [Check, ...Check[]]): Check =>
  (value, option) => {
    const reasons: string[] = [];
    for (const form of forms) {
      const reason = form(value, option);
      if (reason === undefined) return undefined;
      reasons.push(reason);
    }
    return reasons.join(' or ');
  };
