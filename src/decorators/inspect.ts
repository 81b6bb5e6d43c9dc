import { checkValue, type Check } from '../base/options/options.js';
import { methodMetadata, type MethodMetadata } from './reflect/metadata.js';

const isClassOrObject: Check = (value) =>
  (typeof value === 'function' ? typeof value.prototype === 'object' : Object(value) === value)
    ? undefined
    : 'a class, its prototype, or an instance';

/**
 * The metadata that decorators left on a class's methods, inherited and static ones included;
 * `#private` methods cannot be seen from outside.
 *
 * @param target - A class, its prototype, or an instance.
 * @throws ConfigurationError for anything else.
 * @returns One entry for each of our decorators, base class first.
 * @example
 * ```ts
 * for (const { kind, method, ttl } of getCachedMethods(UserService)) console.log(kind, method, ttl);
 * ```
 */
export function getCachedMethods(target: object): MethodMetadata[] {
  checkValue('getCachedMethods: target', target, isClassOrObject);
  const type: unknown = typeof target === 'function' ? target : target.constructor;
  const chains = typeof type === 'function' ? [type.prototype as object, type] : [target];
  // A method that a subclass overrides is listed as the subclass has it.
  const found: MethodMetadata[] = [];
  for (const start of chains) {
    const methods = new Map<string | symbol, readonly MethodMetadata[]>();
    const links: object[] = [];
    for (
      let link: object | null = start;
      link !== null && link !== Object.prototype && link !== Function.prototype;
      link = Object.getPrototypeOf(link) as object | null
    ) {
      links.unshift(link);
    }
    for (const link of links) {
      for (const name of Reflect.ownKeys(link)) {
        const value: unknown = Object.getOwnPropertyDescriptor(link, name)?.value;
        if (typeof value !== 'function' || name === 'constructor') continue;
        methods.set(name, methodMetadata(value));
      }
    }
    found.push(...[...methods.values()].flat());
  }
  return found;
}
