import { describe } from './describe.js';
import { toMilliseconds } from './duration.js';
import { ConfigurationError } from './errors.js';
import { suggestion } from './nearest-name.js';
import { redacted } from './redact.js';

/**
 * Checks one option: returns a description of what is allowed when `value` is not allowed, and
 * `undefined` when it is.
 *
 * @internal
 */
export type Check = (value: unknown, option: string) => string | undefined;

/**
 * Refuses unknown names and bad values of an options object.
 *
 * @param owner - The owner of the options, for the message: `@Cached`, `CacheManager`.
 * @param options - As the user passed them; `undefined` values count as absent.
 * @param checks - The known options.
 * @throws ConfigurationError that names the option, the value and what is allowed.
 * @internal
 */
export function checkOptions<T extends object>(
  owner: string,
  options: T,
  checks: Readonly<Record<keyof T & string, Check>>,
): void {
  checkIsObject(owner, options);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(owner, name, Object.keys(checks));
    if (value === undefined) continue;
    const allowed = checks[name as keyof T & string](value, `${owner}: ${name}`);
    if (allowed !== undefined) {
      // The value may be a URL with a password, given to the wrong option.
      const got = describe(typeof value === 'string' ? redacted(value) : value);
      throw new ConfigurationError(`${owner}: ${name} must be ${allowed}; got ${got}.`);
    }
  }
}

/**
 * Refuses unknown names only, at a fraction of the cost: for the hits of calls with options.
 *
 * @throws ConfigurationError as {@link checkOptions}.
 * @internal
 */
export function checkNames<T extends object>(
  owner: string,
  options: T,
  checks: Readonly<Record<keyof T & string, Check>>,
): void {
  checkIsObject(owner, options);
  for (const name in options) {
    if (!Object.hasOwn(checks, name)) throw unknownOption(owner, name, Object.keys(checks));
  }
}

/** Callers without types may pass anything. */
function checkIsObject(owner: string, options: unknown): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw new ConfigurationError(`${owner}: options must be an object; got ${describe(options)}.`);
}

function unknownOption(owner: string, name: string, known: readonly string[]): ConfigurationError {
  return new ConfigurationError(
    `${owner}: there is no option '${name}'. ${suggestion(name, known)}`,
  );
}

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
export const isObject: Check = (value) =>
  typeof value === 'object' && value !== null ? undefined : 'an object';

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
  (least: number, most: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : `a whole number from ${String(least)} to ${String(most)}`;

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
