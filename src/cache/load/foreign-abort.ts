/** Retries of a caller that joined, if it is unknown whether another caller's signal ended the load. */
const MAX_RETRIES = { AbortError: 3, TimeoutError: 1 } as const;

/**
 * How often a caller that joined a load starts another one after this error: it may come from the signal of
 * another caller, which does not concern this one.
 *
 * - the reason of an aborted signal among the arguments of the load's own caller: always;
 * - an `AbortError`, or the `TimeoutError` of `AbortSignal.timeout`, which may also be the
 *   loader's own: a few times, since each may take as long as the first;
 * - any other error: never.
 *
 * @param args - Arguments of the method's call that ran the load.
 * @internal
 */
export function retriesAfter(error: unknown, args: readonly unknown[] | undefined): number {
  try {
    if (args?.some((arg) => isReasonOf(error, arg)) === true) return Infinity;
    return retriesByKind(error);
  } catch {
    // A getter or proxy threw: callers get the method's own error, not that one.
    return 0;
  }
}

function retriesByKind(error: unknown): number {
  if (typeof error !== 'object' || error === null) return 0;
  const { name, code } = error as { name?: unknown; code?: unknown };
  if (name === 'AbortError' || code === 'ABORT_ERR') return MAX_RETRIES.AbortError;
  // Other errors have that name as well; a signal's is a DOMException.
  const isOfSignal = Object.prototype.toString.call(error) === '[object DOMException]';
  return name === 'TimeoutError' && isOfSignal ? MAX_RETRIES.TimeoutError : 0;
}

/** An argument may be a signal, or an options object with one. */
function isReasonOf(error: unknown, arg: unknown): boolean {
  if (typeof arg !== 'object' || arg === null) return false;
  if (isFired(arg)) return arg.reason === error;
  const { signal } = arg as { signal?: unknown };
  return (
    typeof signal === 'object' && signal !== null && isFired(signal) && signal.reason === error
  );
}

/** Recognised by its shape, since it may come from a polyfill or another realm. */
function isFired(value: object): value is { readonly reason: unknown } {
  return (value as { aborted?: unknown }).aborted === true && 'reason' in value;
}
