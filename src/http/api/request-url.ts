import type { IncomingMessage } from 'node:http';

import type { Check } from '../../base/options/options.js';

/**
 * The URL as the client sent it: mounted routers strip their mount path from `request.url`.
 *
 * @internal
 */
export function urlOf(request: IncomingMessage): string {
  return (request as { originalUrl?: string }).originalUrl ?? request.url ?? '/';
}

/**
 * Whether a value is a `Request` of the Fetch API, by its members, since frameworks have their own classes.
 *
 * @internal
 */
export const isRequest: Check = (value) => {
  const { url, headers } = (value ?? {}) as Partial<Request>;
  return typeof url === 'string' && typeof headers?.get === 'function'
    ? undefined
    : 'a Request (for node:http, use toNodeListener)';
};

/**
 * Path and query of a `Request`, as the client sent them, as far as its platform keeps them.
 *
 * @internal
 */
export function targetOf({ url }: Request): string {
  const target = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '');
  return target.startsWith('/') ? target : `/${target}`;
}

/**
 * `startsWith` for URLs that mostly do not match, usually from the second character on. V8 inlines this loop,
 * but not `startsWith` with a prefix that is not constant.
 *
 * @internal
 */
export function beginsWith(url: string, prefix: string): boolean {
  for (let i = 0; i < prefix.length; i++) {
    if (url.charCodeAt(i) !== prefix.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * Whether a path can be read in one way only. Guards and proxies compare the path as it was sent, while a
 * `Request` resolves dot segments and backslashes.
 *
 * @internal
 */
export function isNormalPath(path: string): boolean {
  if (path.includes('//') || path.includes('#')) return false;
  try {
    return new URL(`http://localhost${path}`).pathname === path;
  } catch {
    return false;
  }
}
