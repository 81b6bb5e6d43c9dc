/** A class or function name that a key contains. */
export interface CodeName {
  readonly text: string;
  /** For messages: `class name`, `function name`. */
  readonly kind: string;
}

/** Minifiers generate names of one to three characters (2,495 of 6,000 minified classes had three). */
const MIN_LENGTH = 4;
/** Bundlers resolve a clash of two names by a suffix: `UserService2`, `UserService$1`, `Users_`. */
const SUFFIX = /[\d$_]+$/;

/**
 * Whether a minifier or bundler may have generated a name. Another build may then give it to another class.
 *
 * @internal
 */
export function mayBeGenerated(name: string): boolean {
  return name.length < MIN_LENGTH || SUFFIX.test(name);
}

/**
 * The name that a bundler's suffix was appended to, if there is one. In another build, with another
 * order of imports, this one may belong to the class that has the suffix here.
 *
 * @internal
 */
export function nameWithoutSuffix(name: string): string | undefined {
  const base = name.replace(SUFFIX, '');
  return base === name || base === '' ? undefined : base;
}
