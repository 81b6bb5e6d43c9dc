import { ConfigurationError } from '../../base/errors/errors.js';
import { escapeKey } from '../../base/keys/escape.js';
import type { CodeName } from '../../cache/claims/build-names.js';
import type { ClassLike } from '../types/signatures.js';
import { segmentText } from './function-names.js';
import {
  classOf,
  classText,
  methodText,
  nameOfClass,
  type BindingNames,
  type MethodIdentity,
  type MethodSpec,
} from './identity.js';

/**
 * Names a method in keys and statistics.
 *
 * Without a `keyPrefix`, the prefix is the class that the method is called on, so that subclasses do not
 * share the results of a method that their base class declares. The last segment is the method and its
 * level, so that an override and what it reaches by `super` have different keys.
 *
 * @throws ConfigurationError when the method was called on something that is not an instance of its class.
 * @internal
 */
export function methodNames(
  identity: MethodIdentity,
  method: MethodSpec,
  owner: object,
  classPrefix: string | undefined,
): BindingNames {
  const { options } = method;
  const given = options.keyPrefix ?? classPrefix;
  const type = classOf(owner);
  const declaring = identity.declaringClass(owner);
  if (declaring === undefined && (identity.knowsClass || !hasMember(owner, identity.name))) {
    throw new ConfigurationError(`${method.label} was not called on an instance of its class.`);
  }
  if (options.name === undefined) checkSymbol(owner, identity.name);
  const own = methodText(identity);
  const last = options.name === undefined ? leveled(own, method.level) : segmentText(options.name);
  return {
    prefix: given === undefined ? classText(type) : escapeKey(given),
    last,
    label: options.name ?? labelOf(type, declaring ?? type, own),
    codeNames: codeNamesOf(method, identity, type, given),
    type,
  };
}

function codeNamesOf(
  { options }: MethodSpec,
  identity: MethodIdentity,
  type: ClassLike | undefined,
  given: string | undefined,
): CodeName[] {
  const names: CodeName[] = [];
  if (given === undefined) names.push({ text: nameOfClass(type), kind: 'class name' });
  const { name } = identity;
  // Minifiers leave the names of methods alone, except private ones.
  if (options.name === undefined && typeof name === 'string' && name.startsWith('#')) {
    names.push({ text: name.slice(1), kind: 'private name' });
  }
  return names;
}

function leveled(text: string, level: number): string {
  return level === 0 ? text : `${text}.${String(level)}`;
}

function labelOf(type: ClassLike | undefined, declaring: ClassLike | undefined, own: string) {
  const declared = classText(declaring);
  return type === declaring ? `${declared}.${own}` : `${classText(type)}(${declared}).${own}`;
}

/** A private method is on no prototype; any object may have been given it. */
function hasMember(owner: object, name: string | symbol): boolean {
  return String(name).startsWith('#') || name in owner;
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
