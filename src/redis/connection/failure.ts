/**
 * Whether the error is a reply of the server, rather than a missing reply.
 *
 * @internal
 */
export function isReply(error: unknown): error is Error {
  // ioredis has its own copy of the class.
  return error instanceof Error && error.name === 'ReplyError';
}

/**
 * The message of a failure: the same at every attempt, and never empty.
 *
 * @internal
 */
export function messageOf(error: Error): string {
  // If Node fails on all addresses of a name, only the errors of the attempts have messages.
  const { message, errors } = error as Error & { errors?: readonly Error[] };
  if (message === '' && errors !== undefined) return errors.map(messageOf).join('; ');
  return message.replace(/ Retrying from scratch after \d+ms\./, '') || error.name;
}
