import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';

import { ask, sendRaw } from '../../support/http-client.js';
import {
  as,
  FOREIGNER,
  makeCertificate,
  makeFolder,
  Nginx,
  nginxBefore,
  removeFolder,
  stopNginx,
  trusting,
} from '../../support/nginx.js';
import { RecordingServer, stopRecordingServers } from '../../support/recording-server.js';
import { freePort, until } from '../../support/redis/server.js';

afterEach(async () => {
  await stopNginx();
  await stopRecordingServers();
});

describe('headers', () => {
  it('of responses are added, and never replace what the service says', async () => {
    const server = await RecordingServer.start((_, response) => {
      response.setHeader('Referrer-Policy', 'no-referrer');
      response.setHeader('X-Team', 'its own');
      response.end('ok');
    });
    const nginx = await nginxBefore(server, { headers: { 'X-Team': 'nginx', 'X-Region': 'eu' } });
    const { headers } = await ask(nginx.port, '/');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'referrer-policy': 'no-referrer',
      'x-team': 'its own',
      'x-region': 'eu',
      server: 'nginx',
    });
    expect(headers).not.toHaveProperty('strict-transport-security');

    await server.stop();
    const failed = await ask(nginx.port, '/');
    expect(failed).toMatchObject({
      status: 502,
      headers: {
        ...{ 'x-content-type-options': 'nosniff', 'x-team': 'nginx', 'x-region': 'eu' },
        'referrer-policy': 'strict-origin-when-cross-origin',
      },
    });
  });

  it('name the real client, even if it sends forged headers', async () => {
    const server = await RecordingServer.start();
    const nginx = await nginxBefore(server);
    const lies = {
      'X-Forwarded-For': FOREIGNER,
      'X-Real-IP': FOREIGNER,
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.example',
    };
    await ask(nginx.port, '/', { headers: { ...lies, Host: 'shop.example:8080' } });
    expect(server.seen[0]?.headers).toMatchObject({
      host: 'shop.example:8080',
      'x-forwarded-host': 'shop.example:8080',
      'x-forwarded-for': '127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
    expect(server.seen[0]?.headers).not.toHaveProperty('connection', 'upgrade');
  });

  /** Those by which a client could pass for another, or its request for another. */
  const pretending = {
    ...{ Forwarded: 'for=10.0.0.1', 'X-Forwarded': 'for=10.0.0.1', 'Forwarded-For': '10.0.0.1' },
    ...{ 'X-Client-IP': '10.0.0.1', 'X-Cluster-Client-IP': '10.0.0.1', 'Client-IP': '10.0.0.1' },
    ...{ 'True-Client-IP': '10.0.0.1', 'CF-Connecting-IP': '10.0.0.1', 'X-Remote-IP': '10.0.0.1' },
    ...{ 'Fastly-Client-IP': '10.0.0.1', 'X-Forwarded-Prefix': '/admin' },
    ...{ 'X-Forwarded-Server': 'evil.example', 'X-Forwarded-Scheme': 'https' },
    ...{ 'X-Forwarded-Protocol': 'https', 'X-Forwarded-Ssl': 'on', 'Front-End-Https': 'on' },
    ...{ 'X-Original-URL': '/admin', 'X-Rewrite-URL': '/admin', 'X-Original-Host': 'evil.example' },
    ...{ 'X-Host': 'evil.example', 'X-Url-Scheme': 'https', Proxy: 'http://evil.example' },
  };

  it('of requests do not pass a client for another, or a request for another', async () => {
    const server = await RecordingServer.start();
    const routes = [
      { path: '/', upstream: 'api' },
      { path: '/chat/', upstream: 'api', webSocket: true },
    ];
    const headers = { ...pretending, 'X-Forwarded-Port': '443', 'X-Team': 'blue' };
    for (const options of [{}, trusting]) {
      const nginx = await nginxBefore(server, { routes, ...options });
      for (const path of ['/', '/chat/', '/api/performance/health']) {
        await ask(nginx.port, path, { headers });
        const seen = server.seen.at(-1)?.headers ?? {};
        expect(Object.keys(pretending).filter((name) => name.toLowerCase() in seen)).toEqual([]);
        expect(seen).toMatchObject({ 'x-team': 'blue' });
        expect(seen['x-forwarded-port']).toBe(options === trusting ? '443' : undefined);
      }
    }
  });

  it('of requests name the host of an absolute request line, which wins over Host', async () => {
    const server = await RecordingServer.start();
    const nginx = await nginxBefore(server);
    const hostOf = async (target: string, host: string): Promise<unknown> => {
      const text = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      expect(await sendRaw(nginx.port, text)).toMatch(/^HTTP\/1\.1 200 /);
      const { headers, url } = server.seen.at(-1) ?? {};
      expect(headers?.['x-forwarded-host']).toBe(headers?.host);
      return [headers?.host, url];
    };
    expect(await hostOf('http://shop.example/a?b=c', 'evil.example')).toEqual([
      'shop.example',
      '/a?b=c',
    ]);
    expect(await hostOf('HTTP://shop.example:8080/a', 'evil.example')).toEqual([
      'shop.example:8080',
      '/a',
    ]);
    expect(await hostOf('http://[::1]:8080', 'evil.example')).toEqual(['[::1]:8080', '/']);
    expect(await hostOf('/?next=http://other.example/', 'shop.example:81')).toEqual([
      'shop.example:81',
      '/?next=http://other.example/',
    ]);
  });

  it('of requests are believed of the balancer in front', async () => {
    const server = await RecordingServer.start();
    const nginx = await nginxBefore(server, trusting);
    const headers = { 'X-Forwarded-For': `6.6.6.6, ${FOREIGNER}`, 'X-Forwarded-Proto': 'https' };
    await ask(nginx.port, '/', { headers });
    expect(server.seen[0]?.headers).toMatchObject({
      'x-real-ip': FOREIGNER,
      'x-forwarded-for': `6.6.6.6, ${FOREIGNER}, 127.0.0.1`,
      'x-forwarded-proto': 'https',
    });
    await until('it is logged', () => Promise.resolve(nginx.accessLog.length === 1));
    expect(nginx.accessLog[0]).toMatchObject({ client: FOREIGNER });
  });

  it('carry an id, and keep one that looks like one', async () => {
    const server = await RecordingServer.start((_, response) => {
      response.setHeader('X-Request-ID', 'of the service');
      response.end();
    });
    const nginx = await nginxBefore(server);
    const idOf = async (given?: string): Promise<string> => {
      const headers = given === undefined ? {} : { 'X-Request-ID': given };
      const answer = await ask(nginx.port, '/', { headers });
      const id = String(answer.headers['x-request-id']);
      expect(server.seen.at(-1)?.headers['x-request-id']).toBe(id);
      return id;
    };
    const id = await idOf();
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(await idOf()).not.toBe(id);
    expect(await idOf('order-42.retry_1')).toBe('order-42.retry_1');
    for (const bad of ['a b', '"><script>', 'x'.repeat(129)]) {
      expect(await idOf(bad)).toMatch(/^[0-9a-f]{32}$/);
    }
  });
});

describe('bodies', () => {
  it('are compressed where it pays', async () => {
    const json = JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ id })));
    const server = await RecordingServer.start(({ url }, response) => {
      response.setHeader('Content-Type', url === '/image' ? 'image/png' : 'application/json');
      response.end(url === '/small' ? '{}' : json);
    });
    const nginx = await nginxBefore(server);
    const encoding = { headers: { 'Accept-Encoding': 'gzip' } };
    const large = await ask(nginx.port, '/', encoding);
    expect(large.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(gunzipSync(large.body).toString()).toBe(json);
    for (const path of ['/small', '/image']) {
      expect((await ask(nginx.port, path, encoding)).headers).not.toHaveProperty(
        'content-encoding',
      );
    }
  });

  it('that are too large are refused', async () => {
    const server = await RecordingServer.start();
    const routes = [
      { path: '/', upstream: 'api' },
      { path: '/files/', upstream: 'api', maxBodySize: '2k' },
    ];
    const nginx = await nginxBefore(server, { maxBodySize: '1k', routes });
    const post = async (path: string, bytes: number): Promise<number> => {
      const body = 'x'.repeat(bytes);
      return (await fetch(nginx.url + path, { method: 'POST', body })).status;
    };
    expect(await post('/', 1024)).toBe(200);
    expect(await post('/', 1025)).toBe(413);
    expect(await post('/files/a', 1025)).toBe(200);
    expect(await post('/files/a', 2049)).toBe(413);
  });

  it('that come in parts are passed on as they come', async () => {
    let end = (): void => undefined;
    const server = await RecordingServer.start((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
      end = () => response.end('data: 2\n\n');
    });
    const routes = [{ path: '/', upstream: 'api', buffering: false }];
    const nginx = await nginxBefore(server, { routes });
    const { body } = await fetch(nginx.url);
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    const part = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
    expect(await part()).toBe('data: 1\n\n');
    end();
    expect(await part()).toBe('data: 2\n\n');
  });
});

describe('WebSockets', () => {
  const handshake = (path: string, upgrade = 'websocket') =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

  it('pass where they are wanted, and nothing else takes over a connection', async () => {
    const server = await RecordingServer.start((_, response) => {
      response.setHeader('Connection', 'close').end('no upgrade');
    });
    server.onUpgrade((_, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      );
      socket.pipe(socket);
    });
    const routes = [
      { path: '/', upstream: 'api' },
      { path: '/chat/', upstream: 'api', webSocket: true },
    ];
    const nginx = await nginxBefore(server, { routes });

    const echoed = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(nginx.port, '127.0.0.1', () => socket.write(handshake('/chat/1')));
      socket.on('error', reject);
      socket.on('data', (part) => {
        text += String(part);
        if (text.endsWith('\r\n\r\n')) socket.write('hello');
        if (text.endsWith('hello')) socket.destroy();
      });
      socket.on('close', () => {
        resolve(text);
      });
    });
    expect(echoed).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\nhello$/);
    expect(server.seen[0]?.headers).toMatchObject({ upgrade: 'websocket', connection: 'upgrade' });

    const close = (text: string) =>
      text.replace('Connection: Upgrade', 'Connection: Upgrade, close');
    const others = [close(handshake('/elsewhere')), close(handshake('/chat/', 'h2c'))];
    for (const text of others) {
      expect(await sendRaw(nginx.port, text)).toMatch(/^HTTP\/1\.1 200 /);
      expect(server.seen.at(-1)?.headers).not.toHaveProperty('upgrade');
    }
  });
});

describe('limits and encryption', () => {
  it('respond with 429 to a client that sends too many requests, and never to health checks', async () => {
    const server = await RecordingServer.start();
    const rateLimit = { requestsPerSecond: 1, burst: 4 };
    const nginx = await nginxBefore(server, { ...trusting, rateLimit });
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await ask(nginx.port, '/', as('10.0.0.1'))).status),
    );
    const passed = statuses.filter((status) => status === 200).length;
    expect(passed).toBeGreaterThanOrEqual(5);
    expect(passed).toBeLessThan(10);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect((await ask(nginx.port, '/', as('10.0.0.2'))).status).toBe(200);
    const health = Array.from({ length: 20 }, () =>
      ask(nginx.port, '/api/performance/health', as('10.0.0.1')),
    );
    expect((await Promise.all(health)).every(({ status }) => status === 200)).toBe(true);
  });

  it('send plain requests to the encrypted port', async () => {
    const folder = makeFolder();
    try {
      const certificate = await makeCertificate(folder);
      const server = await RecordingServer.start();
      const port = await freePort();
      const nginx = await nginxBefore(server, { tls: { ...certificate, port } });
      const plain = await ask(nginx.port, '/a?b=c', { headers: { Host: 'localhost' } });
      expect(plain).toMatchObject({
        status: 308,
        headers: { location: `https://localhost:${String(port)}/a?b=c` },
      });
      const ca = readFileSync(certificate.certificate);
      const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
        requestHttps({ host: 'localhost', port, ca, agent: false }, (response) => {
          response.resume();
          resolve(response.headers);
        })
          .on('error', reject)
          .end();
      });
      expect(headers).toMatchObject({ 'strict-transport-security': 'max-age=15552000' });
      expect(server.seen[0]?.headers).toMatchObject({ 'x-forwarded-proto': 'https' });

      const session = connectHttp2(`https://localhost:${String(port)}`, { ca });
      const stream = session.request({ ':path': '/' });
      const status = new Promise((resolve, reject) => {
        stream.on('response', (answer) => resolve(answer[':status'])).on('error', reject);
      });
      expect(await status).toBe(200);
      stream.resume();
      session.close();
    } finally {
      removeFolder(folder);
    }
  });
});

describe('the access log', () => {
  it('is one JSON object per line, without queries, even for malformed requests', async () => {
    const server = await RecordingServer.start((_, response) => {
      response.setHeader('X-Response-Time', '0.045s');
      response.end('ok');
    });
    const nginx = await nginxBefore(server);
    await ask(nginx.port, '/search/%22%0a?token=secret', { headers: { 'User-Agent': 'a"}\\' } });
    await ask(nginx.port, '/api/performance/health');
    await until('it is logged', () => Promise.resolve(nginx.accessLog.length > 0));
    expect(nginx.accessLog).toHaveLength(1);
    const [line] = nginx.accessLog;
    expect(line).toMatchObject({
      ...{ method: 'GET', path: '/search/"\n', status: 200, bytes: 2, client: '127.0.0.1' },
      ...{ upstream: server.address, upstream_status: 200, x_response_time: 0.045 },
      ...{ upstream_statuses: '200', duration: expect.any(Number) as number },
      ...{ upstream_connect_time: expect.any(Number) as number },
      ...{ user_agent: 'a"}\\', request_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
    });
    expect(line?.['upstream_time']).toEqual(expect.any(Number));
    expect(JSON.stringify(line)).not.toContain('secret');
  });

  it('has numbers of the last server that was tried, and null where there is none', async () => {
    const answers: Record<string, RequestListener> = {
      '/words': (_, response) => response.setHeader('X-Response-Time', '"}, 1s').end(),
      '/zeros': (_, response) => response.setHeader('X-Response-Time', '007s').end(),
    };
    const server = await RecordingServer.start((request, response) => {
      (answers[request.url ?? ''] ?? (() => response.end()))(request, response);
    });
    const away = `127.0.0.1:${String(await freePort())}`;
    const nginx = await Nginx.start({
      upstreams: [
        { name: 'api', servers: [{ address: away, weight: 100 }, server.address] },
        { name: 'none', servers: [away] },
      ],
      routes: [
        { path: '/', upstream: 'api' },
        { path: '/none', upstream: 'none' },
        { path: '/closed', upstream: 'api', networks: ['203.0.113.1'] },
      ],
    });
    const paths = ['/tried', '/none', '/closed', '/words', '/zeros'];
    for (const path of paths) await ask(nginx.port, path);
    expect(await sendRaw(nginx.port, 'nonsense\r\n\r\n')).toMatch(/400 Bad Request/);
    await sendRaw(nginx.port, 'GET /\r\n');
    await until('it is logged', () => Promise.resolve(nginx.accessLog.length === 7));
    // Each worker process writes its own lines: they may come in another order than the requests.
    const [tried, none, closed, words, zeros] = paths.map((path) =>
      nginx.accessLog.find((line) => line['path'] === path),
    );
    const nonsense = nginx.accessLog.find(({ status }) => status === 400);
    const time = expect.any(Number) as number;
    expect(tried).toMatchObject({
      ...{ status: 200, upstream: `${away}, ${server.address}`, upstream_status: 200 },
      ...{ upstream_statuses: '502, 200', upstream_time: time, upstream_connect_time: time },
      upstream_connect_times: expect.stringMatching(/^-, \d+\.\d+$/) as string,
    });
    expect(none).toMatchObject({ status: 502, upstream_status: 502, upstream_connect_time: null });
    const absent = { upstream_status: null, upstream_time: null, x_response_time: null };
    expect(closed).toMatchObject({ status: 403, upstream: '', ...absent });
    expect([words?.['x_response_time'], zeros?.['x_response_time']]).toEqual([null, null]);
    expect(nonsense).toMatchObject({ status: 400, ...absent });
    // In HTTP/0.9, a request is a line, and so is a log entry.
    expect(nginx.accessLog.find((line) => line['path'] === '/')).toMatchObject({
      status: expect.any(Number) as number,
    });
  });
});
