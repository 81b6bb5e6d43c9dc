/** Bytes that an entry costs beside key and value: the node, the map's slot, promise and index. */
const ENTRY_OVERHEAD = 250;
const POINTER = 8;
const OBJECT_HEADER = 32;

/**
 * Estimates the heap that a value takes, in bytes. Replaceable by the `sizeOf` option.
 *
 * @param value - Anything; shared parts and cycles count once.
 * @param limit - Where to stop counting: a value that is already too large need not be walked.
 * @returns Bytes, or something above `limit`.
 */
export type SizeEstimator = (value: unknown, limit: number) => number;

/** @internal */
export function entrySize(key: string, valueBytes: number): number {
  return ENTRY_OVERHEAD + 2 * key.length + valueBytes;
}

/**
 * The default estimator. It follows V8's layout roughly (two bytes a character, eight a pointer):
 * the bound that it serves is about the order of magnitude, not about the last byte.
 */
export const estimateSize: SizeEstimator = (value, limit) => {
  const seen = new Set<object>();
  // A stack of its own: a deep value must not overflow the engine's.
  const pending: unknown[] = [value];
  let bytes = 0;
  while (pending.length > 0 && bytes <= limit) {
    const next = pending.pop();
    bytes += primitiveSize(next);
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    bytes += OBJECT_HEADER;
    if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer) {
      bytes += next.byteLength;
    } else if (Array.isArray(next)) {
      bytes += next.length * POINTER;
      for (const item of next) pending.push(item);
    } else if (next instanceof Map) {
      for (const [key, item] of next) pending.push(key, item);
    } else if (next instanceof Set) {
      for (const item of next) pending.push(item);
    } else {
      for (const item of Object.values(next)) {
        bytes += POINTER;
        pending.push(item);
      }
    }
  }
  return bytes;
};

function primitiveSize(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return 16 + 2 * value.length;
    case 'bigint':
      return 32;
    default:
      return POINTER;
  }
}
