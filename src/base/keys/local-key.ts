/*
 * A method whose keys must not be shared stores its entries under local keys: `{2}user:7:find`, where 2
 * is the number of the claimant (see `cache/claims/claim.ts`). Braces are escaped in all other keys, so
 * that no shared key looks like a local one, and no local key reaches the shared tier by mistake.
 */

const OPENING_BRACE = 0x7b;

/**
 * The key of an entry that stays in this process, for one claimant.
 *
 * @internal
 */
export function localKey(number: number, key: string): string {
  return `{${String(number)}}${key}`;
}

/** Whether an entry stays in this process. */
export function isLocalKey(key: string): boolean {
  return key.charCodeAt(0) === OPENING_BRACE;
}

/**
 * The key without a claimant: in patterns, `keyFor` and the shared tier.
 *
 * @internal
 */
export function sharedKey(key: string): string {
  return isLocalKey(key) ? key.slice(key.indexOf('}') + 1) : key;
}
