import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';

import { checkValue } from '../../base/options/options.js';
import type { PerformanceApi } from '../api/api.js';
import { urlOf } from '../api/request-url.js';
import { isApi } from '../timing/timing-config.js';
import type { NodeMiddleware } from './middleware.js';

/**
 * Serves the API's routes on node:http, Connect, Express or NestJS. Other requests go to `next`, or
 * get a 404 if there is none.
 *
 * @example
 * ```ts
 * app.use(performanceMiddleware({ api }));
 * app.use(toNodeListener(api));
 * ```
 */
export function toNodeListener(api: PerformanceApi): NodeMiddleware {
  checkValue('toNodeListener: api', api, isApi);
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
      .then((result) => (result === undefined ? pass() : send(result, response)))
      .catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
  };
}

/**
 * Address of the peer.
 *
 * @internal
 */
export function addressOf({ socket }: IncomingMessage): string | undefined {
  // Requests that frameworks inject in tests have no socket.
  return (socket as IncomingMessage['socket'] | undefined)?.remoteAddress;
}

/**
 * Converts a node:http request to a `Request` without a body.
 *
 * @returns `undefined` if the host is invalid.
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
    // The Fetch API rejects the host or the method.
    return undefined;
  }
}

async function send(result: Response, response: ServerResponse): Promise<void> {
  const body = Buffer.from(await result.arrayBuffer());
  const headers: Record<string, string | number> = {};
  result.headers.forEach((value, name) => {
    headers[name] = value;
  });
  if (body.length > 0) headers['content-length'] = body.length;
  if (response.headersSent || response.destroyed) return;
  response.writeHead(result.status, headers).end(body);
}
