import { createServer, ServerResponse, type RequestListener, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { CacheManager } from 'aurora-cache';
import {
  createPerformanceApi,
  performanceMiddleware,
  type NodeMiddleware,
  type PerformanceApi,
} from 'aurora-cache/http';

import { sendRaw } from '../../support/http-client.js';
import { until } from '../../support/redis/server.js';
import { listening, type Service } from './frameworks.js';

let api: PerformanceApi;
let service: Service;

function timed(
  options: { readonly headers?: boolean },
  handler: RequestListener,
): { readonly server: Server; readonly time: NodeMiddleware } {
  api = createPerformanceApi({ cache: new CacheManager(), slowRequestThreshold: '30ms' });
  const time = performanceMiddleware({ api, ...options });
  const server = createServer((request, response) => {
    time(request, response, () => void handler(request, response));
  });
  return { server, time };
}

async function start(
  options: { readonly headers?: boolean },
  handler: RequestListener,
): Promise<void> {
  service = await listening(timed(options, handler).server);
}

afterEach(async () => {
  await service.close();
  await api.close();
});

describe('the heads of responses of node:http', () => {
  it('keep the timing of handlers, in every form of headers, and add our own', async () => {
    const forms: Readonly<Record<string, unknown[]>> = {
      '/object': [200, { 'server-timing': 'db;dur=1' }],
      '/reason': [200, 'Fine', { 'Server-Timing': 'db;dur=1', 'X-A': '1' }],
      '/list': [200, ['Server-Timing', 'db;dur=1']],
      '/pairs': [200, [['Server-Timing', 'db;dur=1']]],
      '/several': [200, { 'Server-Timing': ['db;dur=1', 'x;dur=2'] }],
    };
    await start({}, (request, response) => {
      if (request.url === '/set') response.setHeader('Server-Timing', 'set;dur=9');
      if (request.url === '/set') response.writeHead(200, { 'Server-Timing': 'db;dur=1' });
      else response.writeHead(...(forms[request.url ?? ''] as [number]));
      response.end('body');
    });
    for (const path of [...Object.keys(forms), '/set']) {
      const { headers } = await fetch(service.url + path);
      expect(headers.get('server-timing')).toMatch(
        path === '/several'
          ? /^db;dur=1, ?x;dur=2, total;dur=[\d.]+$/
          : /^db;dur=1, total;dur=[\d.]+$/,
      );
      expect(headers.get('x-response-time')).toMatch(/^\d+\.\d{3}s$/);
    }
  });

  it('have one timing when a first writeHead fails', async () => {
    await start({}, (request, response) => {
      response.setHeader('Server-Timing', 'db;dur=1');
      const first: unknown[][] = [
        [9999],
        [200, { 'X-Bad': 'a\nb' }],
        [200, ['X-Bad', 'a\nb']],
        [200, { 'Server-Timing': 'a\nb' }],
      ];
      for (const head of first) {
        expect(() => response.writeHead(...(head as [number]))).toThrow();
        response.removeHeader('X-Bad');
      }
      response.writeHead(request.url === '/other' ? 404 : 500).end('failed');
    });
    const { status, headers } = await fetch(`${service.url}/other`);
    expect(status).toBe(404);
    expect(headers.get('server-timing')).toMatch(/^db;dur=1, total;dur=[\d.]+$/);
    expect(headers.get('x-response-time')).toMatch(/^\d+\.\d{3}s$/);
  });

  it.each([true, false])('count WebSockets apart, with headers: %s', async (headers) => {
    const { server, time } = timed({ headers }, (_, response) => response.end('plain'));
    // As express-ws and @fastify/websocket pass them through their framework.
    server.on('upgrade', (request, socket) => {
      const response = new ServerResponse(request);
      socket.resume().on('end', () => socket.end());
      time(request, response, () => {
        if (request.url === '/refused') {
          response.assignSocket(socket as Socket);
          response.writeHead(401, { Connection: 'close' }).end();
          response.on('finish', () => socket.end());
        } else socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');
      });
    });
    service = await listening(server);
    const lines = 'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const switched = connect(Number(new URL(service.url).port), '127.0.0.1');
    switched.write(`GET /chat HTTP/1.1\r\n${lines}`);
    await new Promise((resolve) => switched.once('data', resolve));
    expect(api.requests).toMatchObject({ total: 0, inFlight: 0, streams: 1, openStreams: 1 });
    switched.destroy();
    await until('it is noticed', async () => api.requests.openStreams === 0);
    expect(api.requests).toMatchObject({ total: 0, aborted: 0, slow: 0, streams: 1 });
    const refused = await sendRaw(
      Number(new URL(service.url).port),
      `GET /refused HTTP/1.1\r\n${lines}`,
    );
    expect(refused).toContain(' 401 ');
    await until('it has ended', async () => api.requests.total === 1);
    expect(api.requests).toMatchObject({ aborted: 0, inFlight: 0, streams: 1, openStreams: 0 });
  });
});
