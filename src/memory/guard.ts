import { SerializationError } from '../base/errors.js';
import { isPlain } from '../base/plain.js';

/**
 * Freezes plain data all the way down. Instances of classes are left alone: their methods may need
 * to write to them, and Map, Set and Date keep their contents where freezing does not reach.
 *
 * @internal
 */
export function deepFreeze(value: unknown): void {
  const pending: unknown[] = [value];
  // Not told by `isFrozen`: what is frozen on the outside may hold parts that are not.
  const seen = new Set<object>();
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    if (!Array.isArray(next) && !isPlain(next)) continue;
    seen.add(next);
    Object.freeze(next);
    for (const item of Object.values(next)) pending.push(item);
  }
}

/**
 * A copy that shares nothing with the original.
 *
 * @throws SerializationError when the value holds what cannot be copied, such as a function.
 * @internal
 */
export function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  try {
    return structuredClone(value);
  } catch (error) {
    throw new SerializationError(
      'clone: the value holds something that structuredClone cannot copy.',
      { cause: error },
    );
  }
}
