import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';

import type { PerformanceApi } from './api.js';
import type { NodeMiddleware } from './middleware.js';
import { urlOf } from './url-of.js';

/**
 * Serves the API's routes on node:http, Connect, Express or NestJS. What is not one of them goes to
 * `next`, or is answered with 404 where there is none.
 *
 * @example
 * ```ts
 * app.use(performanceMiddleware({ api }));
 * app.use(toNodeListener(api));
 * ```
 */
export function toNodeListener(api: PerformanceApi): NodeMiddleware {
  return (request, response, next) => {
    const pass = (): void => {
      if (next !== undefined) next();
      else response.writeHead(404, { 'Content-Length': 0 }).end();
    };
    const target = urlOf(request);
    if (!api.owns(target)) {
      pass();
      return;
    }
    const standard = toRequest(request);
    if (standard === undefined) {
      response.writeHead(400, { 'Content-Length': 0 }).end();
      return;
    }
    api
      .handle(standard, { target, address: addressOf(request) })
      .then((answer) => (answer === undefined ? pass() : send(answer, response)))
      .catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
  };
}

/**
 * Address of the other end of the connection.
 *
 * @internal
 */
export function addressOf({ socket }: IncomingMessage): string | undefined {
  // Frameworks inject requests without one in tests.
  return (socket as IncomingMessage['socket'] | undefined)?.remoteAddress;
}

/**
 * A request of node:http as the Fetch API has it, without its body.
 *
 * @returns `undefined` when its host is none.
 * @internal
 */
export function toRequest(request: IncomingMessage): Request | undefined {
  const { headers: given, rawHeaders, method = 'GET' } = request;
  const scheme = (request.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  const host = given.host ?? given[':authority'] ?? 'localhost';
  if (typeof host !== 'string' || /[\s/?#@\\]/.test(host)) return undefined;
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!name.startsWith(':')) headers.append(name, rawHeaders[i + 1] ?? '');
  }
  try {
    return new Request(`${scheme}://${host}${urlOf(request)}`, { method, headers });
  } catch {
    // A host or a method that the Fetch API does not take.
    return undefined;
  }
}

async function send(answer: Response, response: ServerResponse): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  const headers: Record<string, string | number> = {};
  answer.headers.forEach((value, name) => {
    headers[name] = value;
  });
  if (body.length > 0) headers['content-length'] = body.length;
  if (response.headersSent || response.destroyed) return;
  response.writeHead(answer.status, headers).end(body);
}
