import { createHash, timingSafeEqual } from 'node:crypto';

import { describe } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';

/** Decides whether whoever sent a request may do what it asks for. */
export type Authorize = (request: Request) => boolean | Promise<boolean>;

/**
 * Lets those in who send `Authorization: Bearer <token>`. The comparison takes the same time
 * whatever was sent: both sides are hashed first.
 *
 * @param token - The token, or a function that answers the current one; `undefined` or an empty
 * text from it lets nobody in.
 * @throws ConfigurationError for anything but a text that is not empty, or a function.
 * @example
 * ```ts
 * const api = createPerformanceApi({ authorize: bearerToken(() => process.env['ADMIN_TOKEN']) });
 * ```
 */
export function bearerToken(token: string | (() => string | undefined)): Authorize {
  // Not described: it is a secret, however wrong.
  if (typeof token === 'string' ? token === '' : typeof token !== 'function') {
    const got = typeof token === 'string' ? 'an empty one' : describe(typeof token);
    throw new ConfigurationError(
      `bearerToken: token must be a string that is not empty, or a function; got ${got}.`,
    );
  }
  return (request) => {
    const expected = typeof token === 'string' ? token : token();
    const [, given] = /^Bearer +(.+)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
    if (typeof expected !== 'string' || expected === '' || given === undefined) return false;
    return timingSafeEqual(digest(given), digest(expected));
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
