import { LIMITS } from '../base/defaults.js';
import { OversizeError } from '../base/oversize.js';
import { isPlain } from '../base/plain.js';

/**
 * Freezes plain data all the way down. Instances of classes are left alone: their methods may need
 * to write to them, and Map, Set and Date keep their contents where freezing does not reach.
 *
 * @throws OversizeError for more than a bounded number of parts, of which none is frozen then.
 * @internal
 */
export function deepFreeze(value: unknown): void {
  // Collected first. Not told by `isFrozen`: a frozen object may hold parts that are not.
  const plain = new Set<object>();
  const pending: unknown[] = [value];
  let parts = 0;
  while (pending.length > 0) {
    const next = pending.pop();
    if (!isPlainData(next) || plain.has(next)) continue;
    plain.add(next);
    // The values of a sparse array are few, but a long one with room for them is walked as a whole.
    parts += Array.isArray(next) ? next.length : 1;
    if (parts > LIMITS.valueParts) throw new OversizeError();
    for (const item of Object.values(next)) {
      if (++parts > LIMITS.valueParts) throw new OversizeError();
      pending.push(item);
    }
  }
  for (const object of plain) Object.freeze(object);
}

function isPlainData(value: unknown): value is object {
  return typeof value === 'object' && value !== null && (Array.isArray(value) || isPlain(value));
}
