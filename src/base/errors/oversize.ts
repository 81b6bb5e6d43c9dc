/**
 * Thrown by functions that walk over a value when that takes more than a bounded amount of work. The value
 * is then not stored, which is not a failure: no `error` event follows.
 *
 * @internal
 */
export class OversizeError extends Error {
  override readonly name = 'OversizeError';
}
