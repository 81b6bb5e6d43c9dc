import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { generateNginxConfig } from 'aurora-cache/nginx';

import { ask } from '../../support/http-client.js';
import {
  installedVersion,
  makeCertificate,
  makeFolder,
  nginxBefore,
  refusalOf,
  removeFolder,
  stopNginx,
  warningsOf,
} from '../../support/nginx.js';
import { RecordingServer, stopRecordingServers } from '../../support/recording-server.js';
import { freePort, until } from '../../support/redis/server.js';

let folder: string;
beforeAll(() => {
  folder = makeFolder();
});
afterEach(async () => {
  await stopNginx();
  await stopRecordingServers();
});
afterAll(() => {
  removeFolder(folder);
});

it('headers of 12 kB pass in both directions, as they do through Node', async () => {
  const server = await RecordingServer.start((_, response) => {
    response.setHeader('X-Large', 'x'.repeat(12_000)).end('ok');
  });
  const routes = [
    { path: '/', upstream: 'api' },
    { path: '/events/', upstream: 'api', buffering: false },
  ];
  const nginx = await nginxBefore(server, { routes });
  for (const path of ['/', '/events/']) {
    const { status, headers } = await ask(nginx.port, path, {
      headers: { Cookie: `a=${'y'.repeat(12_000)}` },
    });
    expect([status, headers['x-large']?.length]).toEqual([200, 12_000]);
    expect(server.seen.at(-1)?.headers.cookie).toHaveLength(12_002);
  }
});

it('compressible types are compressed', async () => {
  const body = 'compress me '.repeat(200);
  const server = await RecordingServer.start(({ url = '' }, response) => {
    response.writeHead(404, { 'Content-Type': decodeURIComponent(url.slice(1)) }).end(body);
  });
  const nginx = await nginxBefore(server);
  const types = [
    ...['application/problem+json', 'application/problem+json; charset=utf-8', 'application/wasm'],
    ...['application/ld+json', 'application/graphql-response+json', 'text/csv', 'image/svg+xml'],
  ];
  for (const type of types) {
    const { headers, body: sent } = await ask(nginx.port, `/${encodeURIComponent(type)}`, {
      headers: { 'Accept-Encoding': 'gzip' },
    });
    expect([type, headers['content-encoding']]).toEqual([type, 'gzip']);
    expect(gunzipSync(sent).toString()).toBe(body);
  }
});

it('a reload ends the old workers, though WebSockets are open', async () => {
  const server = await RecordingServer.start();
  server.onUpgrade((_, socket) => {
    socket
      .on('error', () => undefined)
      .on('end', () => socket.end())
      .resume();
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
  });
  const routes = [{ path: '/', upstream: 'api', webSocket: true }];
  const nginx = await nginxBefore(server, { routes, shutdownTimeout: '500ms' });
  let received = '';
  let isClosed = false;
  const socket = connect(nginx.port, '127.0.0.1', () =>
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  );
  socket.on('data', (part) => (received += String(part)));
  socket.on('close', () => (isClosed = true));
  await until('it is open', () => Promise.resolve(received.startsWith('HTTP/1.1 101 ')));
  expect(isClosed).toBe(false);
  nginx.reload();
  await until('the old worker has ended', () => Promise.resolve(isClosed));
  expect((await ask(nginx.port, '/')).status).toBe(200);
});

describe('directives of the own', () => {
  it('are included in all three places', async () => {
    const files = {
      http: ['map $http_x_a $own {', 'default "of http";', '}'].join('\n'),
      server: 'add_trailer X-Own $own; location = /own { return 200 "of server"; }',
      route: 'proxy_set_header X-Own "of a route"; proxy_set_header Host own.example;',
    };
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, `${name}-1.conf`), text);
    }
    const at = (name: string): string[] => [join(folder, `${name}-*.conf`)];
    const server = await RecordingServer.start();
    const nginx = await nginxBefore(server, {
      include: { http: at('http'), server: at('server') },
      routes: [
        { path: '/', upstream: 'api' },
        { path: '/route/', upstream: 'api', include: at('route') },
      ],
    });
    expect(String((await ask(nginx.port, '/own')).body)).toBe('of server');
    await ask(nginx.port, '/route/');
    expect(server.seen.at(-1)?.headers).toMatchObject({ 'x-own': 'of a route' });
    await ask(nginx.port, '/');
    expect(server.seen.at(-1)?.headers).not.toHaveProperty('x-own');
  });
});

describe('challenges of a certification authority', () => {
  it.each([false, true])('are served on the plain port (redirects: %s)', async (redirect) => {
    const challenges = join(folder, '.well-known/acme-challenge');
    mkdirSync(challenges, { recursive: true });
    writeFileSync(join(challenges, 'abc_1-2'), 'abc_1-2.thumbprint');
    // The workers of nginx run as another user.
    chmodSync(folder, 0o755);
    const server = await RecordingServer.start();
    const tls = { ...(await makeCertificate(folder)), port: await freePort(), redirect };
    const nginx = await nginxBefore(server, { acmeRoot: folder, tls, serverNames: ['a.example'] });
    const get = (path: string) => ask(nginx.port, path, { headers: { Host: 'a.example' } });
    const found = await get('/.well-known/acme-challenge/abc_1-2');
    expect([found.status, String(found.body)]).toEqual([200, 'abc_1-2.thumbprint']);
    expect((await get('/.well-known/acme-challenge/other')).status).toBe(404);
    expect((await get('/.well-known/acme-challenge/../cert.pem')).status).toBe(
      redirect ? 308 : 400,
    );
    expect((await get('/')).status).toBe(redirect ? 308 : 200);
    expect(server.seen.map(({ url }) => url)).toEqual(redirect ? [] : ['/']);
  });
});

describe('the nginx of this machine', () => {
  it('has no warnings for a configuration of its version', async () => {
    const certificate = await makeCertificate(folder);
    const config = (nginxVersion: string) =>
      generateNginxConfig({
        ...{ nginxVersion, serverNames: ['a.example'], tls: certificate, accessLog: false },
        errorLog: join(folder, 'error.log'),
      });
    expect(await warningsOf(config(await installedVersion()), folder)).toBe('');
    expect(await refusalOf(config('1.18'), folder)).toBeUndefined();
  });
});
