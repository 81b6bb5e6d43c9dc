/**
 * Whether an object is an instance of a built-in class itself, of any realm, rather than of a class
 * that extends it: its prototype's prototype is an `Object.prototype`.
 *
 * @internal
 */
export function isDirectInstance(value: object): boolean {
  const own = Object.getPrototypeOf(value) as object | null;
  const base = own === null ? null : (Object.getPrototypeOf(own) as object | null);
  return base !== null && Object.getPrototypeOf(base) === null;
}

/**
 * Whether an object is a literal, or a record without prototype: of any realm, since test runners
 * and `vm` contexts have their own `Object`.
 *
 * @internal
 */
export function isPlain(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return (
    prototype === null ||
    prototype === Object.prototype ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))
  );
}
