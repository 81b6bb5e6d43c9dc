import { encodeStructure } from '../../base/canonical.js';
import { estimateSize } from '../size.js';
import type { SeededHash } from './seeded-hash.js';

/** Bytes above which a value is not compared: that would hold the event loop up. */
const MAX_BYTES = 16_384;

/**
 * A number that differs, almost certainly, for values with different contents; `undefined` for values
 * that are large, or that have no canonical text.
 *
 * @internal
 */
export function digestOf(value: unknown, hash: SeededHash): number | undefined {
  try {
    return estimateSize(value, MAX_BYTES) > MAX_BYTES ? undefined : hash.of(encodeStructure(value));
  } catch {
    return undefined;
  }
}
