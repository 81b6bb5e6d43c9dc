/** Time-out of an attempt to connect, and of a sentinel's reply. */
export const CONNECT_TIMEOUT_MS = 1000;
/** Time-out of closing a connection, which a hung server never does. */
export const DISCONNECT_TIMEOUT_MS = 500;

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1000;

/**
 * The delay before the next attempt to connect, in milliseconds: exponential, with an upper bound.
 *
 * @param doublings - How often to double the first delay: the failed attempts, or those before the last.
 * @internal
 */
export function backOff(doublings: number): number {
  return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(doublings, 10));
}
