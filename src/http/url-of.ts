import type { IncomingMessage } from 'node:http';

/**
 * The URL as it was asked for: mounted routers cut off what they are mounted at.
 *
 * @internal
 */
export function urlOf(request: IncomingMessage): string {
  return (request as { originalUrl?: string }).originalUrl ?? request.url ?? '/';
}

/**
 * Path and query of a `Request`, as far as its platform has left them as they were sent.
 *
 * @internal
 */
export function targetOf({ url }: Request): string {
  const target = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '');
  return target.startsWith('/') ? target : `/${target}`;
}

/**
 * `startsWith` for URLs that mostly do not: the second character settles it, and V8 compiles this
 * into its caller, whereas it calls `startsWith` for a prefix that it does not know beforehand.
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
 * Whether a path is in the one form that everything reads alike. Guards and proxies in front of a
 * route compare the path as it was sent, while a `Request` resolves dot segments and backslashes.
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
