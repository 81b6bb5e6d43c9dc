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
