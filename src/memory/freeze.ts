import { LIMITS } from '../base/options/defaults.js';
import { OversizeError } from '../base/errors/oversize.js';
import { isPlain } from '../base/values/plain.js';

/**
 * Freezes plain data deeply. Instances of classes stay as they are: their methods may need to change
 * them, and freezing a Map, Set or Date does not protect its contents.
 *
 * @throws OversizeError for more than a bounded number of parts, of which none is frozen then.
 * @internal
 */
export function deepFreeze(value: unknown): void {
  // Collected first; `isFrozen` does not suffice, since a frozen object may have parts that are not.
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
