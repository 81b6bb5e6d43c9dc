/**
 * Whether an object is a literal, or a record without prototype: of any realm, since test runners
 * and `vm` contexts have an `Object` of their own.
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
