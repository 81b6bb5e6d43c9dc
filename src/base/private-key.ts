/*
 * A method whose keys must not be shared keeps its entries under keys of its own: `{2}user:7:find`,
 * where 2 is the number of the claimant (see `cache/core/claims.ts`). Braces are escaped in every other
 * key, so that no public key looks like this, and no private one reaches the shared tier by mistake.
 */

const OPENING_BRACE = 0x7b;

/**
 * The key of an entry that only one claimant sees.
 *
 * @internal
 */
export function privateKey(number: number, key: string): string {
  return `{${String(number)}}${key}`;
}

/** Whether an entry is seen by one claimant only. */
export function isPrivateKey(key: string): boolean {
  return key.charCodeAt(0) === OPENING_BRACE;
}

/**
 * The key as patterns, `keyFor` and the shared tier have it.
 *
 * @internal
 */
export function publicKey(key: string): string {
  return isPrivateKey(key) ? key.slice(key.indexOf('}') + 1) : key;
}
