import type { Claimant, ClaimRequest, Segment } from './segment.js';

/**
 * Whether a request comes from a claimant: the same function, on classes that inherit from one another.
 *
 * @internal
 */
export function isSameClaimant(one: Claimant, { body, type, isNamed }: ClaimRequest): boolean {
  // Two methods with the same `name` option share their results on purpose.
  if (one.isNamed && isNamed) return true;
  if (one.body.deref() !== body) return false;
  if (type === undefined) return true;
  return one.classes.every((known) => {
    const other = known.deref();
    return other === undefined || isOneLine(other, type);
  });
}

function isOneLine(one: object, other: object): boolean {
  return one === other || descends(one, other) || descends(other, one);
}

/** Classes inherit from each other, their prototypes do, or (in older code) only the prototypes. */
function descends(type: object, base: object): boolean {
  if (Object.prototype.isPrototypeOf.call(base, type)) return true;
  if (typeof type !== 'function' || typeof base !== 'function') return false;
  const [own, theirs] = [type.prototype as unknown, base.prototype as unknown];
  return (
    typeof own === 'object' &&
    own !== null &&
    typeof theirs === 'object' &&
    theirs !== null &&
    Object.prototype.isPrototypeOf.call(theirs, own)
  );
}

/** Adds a class on which a claimant was called. */
export function addClass({ classes }: Claimant, type: object): void {
  if (classes.some((known) => known.deref() === type)) return;
  const gone = classes.findIndex((known) => known.deref() === undefined);
  if (gone < 0) classes.push(new WeakRef(type));
  else classes[gone] = new WeakRef(type);
}

/** Removes claimants whose function was garbage-collected. Their numbers are not reused. */
export function prune({ claimants }: Segment): void {
  for (let i = claimants.length - 1; i >= 0; i--) {
    if (claimants[i]?.body.deref() === undefined) claimants.splice(i, 1);
  }
}
