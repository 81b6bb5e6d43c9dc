import { createHash, timingSafeEqual } from 'node:crypto';

import { describe } from '../../base/errors/describe.js';
import { ConfigurationError } from '../../base/errors/errors.js';

/** Decides whether a request is allowed. Only `true` allows it. */
export type Authorize = (request: Request) => boolean | Promise<boolean>;

/**
 * Allows requests that carry `Authorization: Bearer <token>`. Both sides are hashed before they are
 * compared, so the comparison takes the same time for every token.
 *
 * @param token - The token, or a function that returns the current one. If the function returns
 * `undefined` or an empty string, no request is allowed.
 * @throws ConfigurationError unless `token` is a non-empty string or a function.
 * @example
 * ```ts
 * const api = createPerformanceApi({ authorize: bearerToken(() => process.env['ADMIN_TOKEN']) });
 * ```
 */
export function bearerToken(token: string | (() => string | undefined)): Authorize {
  // Do not show the value: even an invalid one may be a secret.
  if (typeof token === 'string' ? token === '' : typeof token !== 'function') {
    const got = typeof token === 'string' ? 'an empty string' : describe(typeof token);
    throw new ConfigurationError(
      `bearerToken: token must be a non-empty string or a function; got ${got}.`,
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
