/** How long a connection may take, or a reply of a sentinel. */
export const CONNECT_TIMEOUT_MS = 1000;
/** How long a server may take to close a connection: a hung server never does. */
export const DISCONNECT_TIMEOUT_MS = 500;

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1000;

/**
 * The pause before another attempt to connect, in milliseconds.
 *
 * @param doublings - How often to double the first pause: the failed attempts, or those before the last.
 * @internal
 */
export function backOff(doublings: number): number {
  return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(doublings, 10));
}
