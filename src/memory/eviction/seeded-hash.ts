/** Characters that share a sum; a power of two. */
const BLOCK = 256;

/**
 * A hash of texts under its own secret, so that keys cannot be chosen to collide: each character
 * times a secret number that belongs to its position, modulo 2^32. Two different texts collide under
 * at most one in 2^17 secrets, for any two texts (Lemire and Kaser, "Strongly universal string hashing
 * is fast", The Computer Journal 2014). Unlike a hash that passes from character to character, the
 * products do not wait for each other.
 *
 * @internal
 */
export class SeededHash {
  /** @param secret - 256 numbers; random by default. */
  constructor(private readonly secret = crypto.getRandomValues(new Int32Array(BLOCK))) {}

  /** @returns A 32-bit integer with a sign. */
  of(text: string): number {
    const { secret } = this;
    const { length } = text;
    let sum = length;
    for (let i = 0; i < length; i++) {
      const at = i & (BLOCK - 1);
      if (at === 0) sum = mixed(sum);
      sum = (sum + Math.imul(text.charCodeAt(i), secret[at] as number)) | 0;
    }
    return mixed(sum);
  }
}

/**
 * Another number for each number, whose bits all depend on all of its bits: the finalizer "lowbias32"
 * by C. Wellons.
 */
export function mixed(hash: number): number {
  let x = hash ^ (hash >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}
