import { ConfigurationError } from '../base/errors.js';
import { escapeKey } from '../base/escape.js';
import { warnOnce } from '../base/warn.js';
import { classText, methodText } from './identity.js';
import type { MethodSpec } from './method-spec.js';
import type { ClassLike } from './shapes.js';

export interface SiteNames {
  /** Stored form of the key prefix. */
  readonly prefix: string;
  readonly last: string;
  /** For statistics and messages. */
  readonly label: string;
  /** Who goes by these names: the method's own function. */
  readonly claimant: object;
}

/**
 * What a method is called in keys and statistics.
 *
 * The prefix is the class that the method is called on, so that what a base class declares does not
 * mix its subclasses' results. The last segment is the class that declares it, unless that is the
 * prefix already, so that no two functions ever share a key.
 *
 * @throws ConfigurationError when nothing names the class or the method.
 * @internal
 */
export function namesOf(
  method: MethodSpec,
  owner: object,
  classPrefix: string | undefined,
): SiteNames {
  const { identity, options } = method;
  const given = options.keyPrefix ?? classPrefix;
  if (identity === undefined) {
    const name = options.name ?? method.body.name;
    if (name === '' && options.key === undefined) {
      throw new ConfigurationError('cached: an anonymous function needs the option name, or key.');
    }
    const label = name === '' ? 'anonymous' : name;
    const last = segmentText(label);
    return { prefix: escapeKey(given ?? last), last, label, claimant: method.body };
  }
  const runtime = (typeof owner === 'function' ? owner : owner.constructor) as ClassLike;
  const declaring = identity.declaringClass(owner);
  const own = methodText(identity);
  if (options.name === undefined) checkSymbol(owner, identity.name);
  if (declaring === undefined) {
    throw new ConfigurationError(`${method.label} was not called on an instance of its class.`);
  }
  if (given === undefined) checkClassName(runtime, own);
  const prefix = given === undefined ? classText(runtime) : escapeKey(given);
  const declared = declaredText(owner, declaring, identity.name);
  const last =
    options.name !== undefined
      ? segmentText(options.name)
      : declared === prefix
        ? own
        : `${declared}.${own}`;
  const label =
    options.name ??
    (runtime === declaring ? `${declared}.${own}` : `${classText(runtime)}(${declared}).${own}`);
  return { prefix, last, label, claimant: method.body };
}

/**
 * The declaring class as it stands in keys. A class may extend one of the same name
 * (`class User extends generated.User`, a mixin applied twice), and what calls `super` must not
 * share its key: `User.super.find`.
 */
function declaredText(owner: object, declaring: ClassLike, method: string | symbol): string {
  const text = classText(declaring);
  let nearer = '';
  for (let link: object | null = owner; link !== null;) {
    const type = (typeof link === 'function' ? link : link.constructor) as ClassLike;
    if (type === declaring) break;
    // Only a class that has such a method itself can be in the way; `#private` ones do not show.
    const hasMethod = Object.hasOwn(link, method) || String(method).startsWith('#');
    if (hasMethod && Object.hasOwn(link, isClass(link) ? 'prototype' : 'constructor')) {
      if (classText(type) === text) nearer += '.super';
    }
    link = Object.getPrototypeOf(link) as object | null;
  }
  return text + nearer;
}

function isClass(link: object): boolean {
  return typeof link === 'function';
}

/**
 * Two symbols of one description would be one name.
 *
 * @throws ConfigurationError when the class has methods under both.
 */
function checkSymbol(owner: object, name: string | symbol): void {
  if (typeof name !== 'symbol') return;
  for (let link: object | null = owner; link !== null;) {
    for (const other of Object.getOwnPropertySymbols(link)) {
      if (other === name || other.description !== name.description) continue;
      throw new ConfigurationError(
        `Two methods are named ${String(name)} by different symbols: give each the option name.`,
      );
    }
    link = Object.getPrototypeOf(link) as object | null;
  }
}

/** A hand-written name as a segment: it may contain colons, but must not end in a signature. */
function segmentText(name: string): string {
  return escapeKey(name).replaceAll('~', '%7E').replaceAll('*', '%2A');
}

function checkClassName(type: ClassLike, method: string): void {
  const name = classText(type);
  if (name === '') {
    throw new ConfigurationError(`The class of ${method} has no name: name a keyPrefix.`);
  }
  if (name.length > 2) return;
  warnOnce(
    'AURORA_SHORT_CLASS_NAME',
    `${name}.${method}`,
    `The class name '${name}' looks minified, and is the prefix of the keys of ${method}: another ` +
      'build will not find them, or find those of another class. Name a keyPrefix.',
  );
}
