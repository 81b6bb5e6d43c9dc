import type { IncomingMessage } from 'node:http';

/**
 * The URL as it was asked for: mounted routers cut off what they are mounted at.
 *
 * @internal
 */
export function urlOf(request: IncomingMessage): string {
  return (request as { originalUrl?: string }).originalUrl ?? request.url ?? '/';
}
