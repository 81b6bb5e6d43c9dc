const MAX_INTERVAL_MS = 2 ** 31 - 1;

/**
 * Keeps the process running, which the timers of a clock and the sockets of a cache do not.
 *
 * @returns A function that lets the process exit again.
 * @internal
 */
export function keepAlive(): () => void {
  // eslint-disable-next-line no-restricted-globals -- measures no time
  const timer = setInterval(() => undefined, MAX_INTERVAL_MS);
  return () => {
    clearInterval(timer);
  };
}
