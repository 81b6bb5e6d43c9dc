type TypedArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/** A larger copy of an array by slot, with room for a slot that the old one lacks. */
export function grown<T extends TypedArray>(array: T, slot: number): T {
  const length = 16 + Math.ceil(slot * 1.125);
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}
