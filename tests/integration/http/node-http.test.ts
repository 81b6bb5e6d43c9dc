import { createServer, type RequestListener } from 'node:http';
import {
  connect as connectHttp2,
  createServer as createHttp2,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { CacheManager } from 'aurora-cache';
import {
  bearerToken,
  createPerformanceApi,
  performanceMiddleware,
  toNodeListener,
  type PerformanceApi,
} from 'aurora-cache/http';

import { until } from '../../support/redis/server.js';
import { listening, type Service } from './frameworks.js';

type Http2Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

let cache: CacheManager;
let api: PerformanceApi;
let service: Service;
const warnings: Error[] = [];
const warned = (warning: Error): void => void warnings.push(warning);

async function start(handler: RequestListener): Promise<void> {
  cache = new CacheManager();
  api = createPerformanceApi({
    cache,
    authorize: bearerToken('secret'),
    slowRequestThreshold: '30ms',
  });
  const time = performanceMiddleware({ api });
  const routes = toNodeListener(api);
  service = await listening(
    createServer((request, response) => {
      time(request, response, () => {
        routes(request, response, () => void handler(request, response));
      });
    }),
  );
}

beforeEach(() => {
  warnings.length = 0;
  process.on('warning', warned);
});

afterEach(async () => {
  process.off('warning', warned);
  await service.close();
  await api.close();
});

/** Sends raw bytes, and returns the response up to `enough` or the end of the connection. */
function raw(text: string, enough: (answer: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1', () =>
      socket.write(text),
    );
    let answer = '';
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.on('data', (chunk) => {
      answer += String(chunk);
      if (enough(answer)) socket.destroy();
    });
  });
}

const ended = (count: number) =>
  until(`${count} have ended`, async () => api.requests.total === count);
const count = (text: string, part: string): number => text.split(part).length - 1;

describe('requests of node:http', () => {
  it('are counted one by one on a connection that is kept, pipelined ones too', async () => {
    await start((request, response) => {
      setTimeout(() => response.end('ok'), request.url === '/slow' ? 50 : 0);
    });
    const line = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const answer = await raw(
      line('/slow') + line('/fast').repeat(19),
      (text) => count(text, 'HTTP/1.1 200') === 20 && text.endsWith('ok'),
    );
    expect(count(answer, '\r\nX-Response-Time: ')).toBe(20);
    expect(count(answer, '\r\nServer-Timing: total;dur=')).toBe(20);
    await ended(20);
    expect(api.requests).toMatchObject({ aborted: 0, errors: 0, inFlight: 0 });
    expect(warnings).toEqual([]);
  });

  it('are counted as soon as their response is complete, and once', async () => {
    const seen: (readonly [total: number, inFlight: number])[] = [];
    const large = 'x'.repeat(20_000_000);
    cache = new CacheManager();
    api = createPerformanceApi({ cache });
    const time = performanceMiddleware({ api });
    const look = (): unknown => seen.push([api.requests.total, api.requests.inFlight]);
    const answer: Record<string, RequestListener> = {
      '/now': (_, response) => response.end('done'),
      '/later': (_, response) => setImmediate(() => response.end('done')),
      // More than the system takes at once.
      '/large': (_, response) => response.end(large),
      '/throws': () => {
        throw new Error('boom');
      },
    };
    service = await listening(
      createServer((request, response) => {
        try {
          time(request, response, () => void answer[request.url as string]?.(request, response));
        } catch (error) {
          look();
          response.writeHead(500).end(String(error));
          return;
        }
        look();
      }),
    );
    for (const path of ['/now', '/later', '/large', '/throws', '/now']) {
      const { status, headers } = await fetch(service.url + path).then(async (response) => {
        await response.arrayBuffer();
        return response;
      });
      expect(status).toBe(path === '/throws' ? 500 : 200);
      expect(headers.get('server-timing')).toMatch(/^total;dur=/);
      await until('it is over', async () => api.requests.inFlight === 0);
    }
    expect(seen).toEqual([
      [1, 0],
      [1, 1],
      [2, 1],
      [3, 1],
      [5, 0],
    ]);
    expect(api.requests).toMatchObject({ total: 5, errors: 1, aborted: 0 });
  });

  it('are counted when their connection ends before their turn comes', async () => {
    await start(() => undefined);
    const pending = raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(30), () => true);
    await until('they have come', async () => api.requests.inFlight === 30);
    await service.close();
    await pending;
    await ended(30);
    expect(api.requests).toMatchObject({ aborted: 30, inFlight: 0 });
    expect(warnings).toEqual([]);
  });

  it('keep what handlers do with their headers', async () => {
    await start((request, response) => {
      switch (request.url ?? '') {
        case '/pairs':
          response.writeHead(202, [['X-A', '1'] as never, ['X-A', '2'] as never]);
          break;
        case '/object':
          response.setHeader('Server-Timing', 'db;dur=1');
          response.writeHead(201, 'Made', { 'Content-Type': 'text/x', 'Set-Cookie': ['a', 'b'] });
          break;
        case '/array':
          response.writeHead(202, ['Set-Cookie', 'a', 'Set-Cookie', 'b', 'X-A', '1']);
          break;
        case '/early':
          response.flushHeaders();
          break;
        case '/raw':
          response.writeEarlyHints({ link: '</style.css>; rel=preload' });
          break;
      }
      response.end('body');
    });
    const object = await fetch(`${service.url}/object`);
    expect([object.status, object.statusText]).toEqual([201, 'Made']);
    expect(object.headers.getSetCookie()).toEqual(['a', 'b']);
    const array = await fetch(`${service.url}/array`);
    expect([array.status, array.headers.get('x-a')]).toEqual([202, '1']);
    expect(array.headers.getSetCookie()).toEqual(['a', 'b']);
    expect(object.headers.get('server-timing')).toMatch(/^db;dur=1, total;dur=[\d.]+$/);
    expect((await fetch(`${service.url}/pairs`)).headers.get('x-a')).toBe('1, 2');
    for (const path of ['/pairs', '/object', '/array', '/early', '/raw']) {
      const response = await fetch(service.url + path);
      expect(response.headers.get('x-response-time')).toMatch(/^\d+\.\d{3}s$/);
      expect(await response.text()).toBe('body');
    }
  });

  it('do not mind that the headers have been sent', async () => {
    cache = new CacheManager();
    api = createPerformanceApi({ cache });
    const time = performanceMiddleware({ api });
    service = await listening(
      createServer((request, response) => {
        response.writeHead(200).write('first ');
        time(request, response);
        time(request, response);
        response.end('second');
      }),
    );
    expect(await (await fetch(service.url)).text()).toBe('first second');
    await ended(1);
  });

  it('are counted over HTTP/2 as well', async () => {
    cache = new CacheManager();
    api = createPerformanceApi({ cache });
    const time = performanceMiddleware({ api }) as unknown as Http2Listener;
    const server = createHttp2((request, response) => {
      time(request, response);
      response.end(JSON.stringify(api.requests.inFlight));
    });
    service = await listening(
      Object.assign(server as never, { closeAllConnections: () => undefined }),
    );
    const session = connectHttp2(service.url);
    const stream = session.request({ ':path': '/' });
    const headers = new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve));
    const body = await text(stream);
    session.close();
    expect(await headers).toMatchObject({
      ':status': 200,
      'x-response-time': expect.stringMatching(/^\d+\.\d{3}s$/) as string,
    });
    expect(body).toBe('1');
    await ended(1);
    expect(api.requests).toMatchObject({ aborted: 0, errors: 0, inFlight: 0 });
  });

  it('make no names: 10,000 paths and arbitrary methods', async () => {
    await start((_, response) => response.writeHead(404).end());
    const lines = Array.from(
      { length: 10_000 },
      (_, i) =>
        `${['GET', 'PROPFIND', 'M-SEARCH'][i % 3]} /path/${i}?q HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    await raw(lines.join(''), (answer) => count(answer, 'HTTP/1.1 404') === 10_000);
    await until('most have ended', async () => api.requests.total > 9_900);
    expect(api.requests.routes.map(({ method, route }) => `${method} ${route}`).sort()).toEqual([
      'GET other',
      'OTHER other',
    ]);
  });
});

describe('the routes on node:http, ill-used', () => {
  beforeEach(() => start((_, response) => response.writeHead(404).end('theirs')));

  const send = (target: string, headers = 'Host: a\r\n', method = 'GET') =>
    raw(`${method} ${target} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);

  it('answer no one else’s paths, however they are spelt', async () => {
    for (const target of ['//api/performance/stats', '/api/performancestats', '*']) {
      expect(await send(target, undefined, target === '*' ? 'OPTIONS' : 'GET')).toContain('theirs');
    }
    expect(await send('/api/performance/stats%00')).toContain(' 404 ');
    expect(await send('/api/performance/../../etc/passwd')).toContain(' 400 ');
    expect(await send('/api/performance/stats', 'Host: a b/c@d\r\n')).toContain(' 400 ');
  });

  it('let nothing into the headers', async () => {
    const target = '/api/performance/cache/clear?pattern=a%0d%0aX-Evil:%201';
    const answer = await send(target, 'Host: a\r\nAuthorization: Bearer secret\r\n', 'POST');
    expect(answer).toContain(' 200 ');
    expect(answer.split('\r\n\r\n')[0]).not.toContain('X-Evil');
    const foreign = await send('/api/performance/stats', 'Host: a\r\nOrigin: http://b\r\n');
    expect(foreign).toContain(' 403 ');
    const slow = await send('/%0d%0aX-Evil:1?<script>');
    expect(slow.split('\r\n\r\n')[0]).not.toContain('X-Evil');
  });

  it('survive a query of a megabyte, and a body with a clear', async () => {
    const answer = await send(`/api/performance/stats?${'x'.repeat(1_000_000)}`).catch(String);
    expect(answer).toMatch(/ 431 |ECONNRESET|EPIPE/);
    await cache.set('kept', 1);
    const headers = { authorization: 'Bearer secret' };
    const clear = `${service.url}/api/performance/cache/clear`;
    const form = await fetch(clear, { method: 'POST', headers, body: 'pattern=other:*' });
    expect([form.status, await cache.has('kept')]).toEqual([400, true]);
    const empty = await fetch(clear, { method: 'POST', headers });
    expect(await empty.json()).toEqual({ cleared: 1, pattern: '*' });
  });

  it('log slow requests, and survive a logger that fails', async () => {
    await service.close();
    await api.close();
    const lines: string[] = [];
    api = createPerformanceApi({
      cache,
      slowRequestThreshold: '20ms',
      logger: {
        warn(line) {
          lines.push(line);
          throw new Error('disk full');
        },
      },
    });
    const time = performanceMiddleware({ api });
    service = await listening(
      createServer((request, response) => {
        time(request, response);
        setTimeout(() => response.end(), 40);
      }),
    );
    await fetch(`${service.url}/reports/7?token=secret`);
    await ended(1);
    expect(lines).toEqual([
      expect.stringMatching(
        /^Slow request: GET \/reports\/:param took \d+\.\d{3} s \(status 200\)\.$/,
      ),
    ]);
  });
});
