import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect as connectTls } from 'node:tls';

import { generateNginxConfig } from 'aurora-cache/nginx';

import { ask, sendRaw } from '../../support/http-client.js';
import {
  makeCertificate,
  makeFolder,
  Nginx,
  nginxBefore,
  removeFolder,
  stopNginx,
} from '../../support/nginx.js';
import { RecordingServer, stopRecordingServers } from '../../support/recording-server.js';
import { freePort } from '../../support/redis/server.js';

let server: RecordingServer;
let folder: string;
let certificate: { certificate: string; certificateKey: string };

beforeAll(async () => {
  folder = makeFolder();
  certificate = await makeCertificate(folder);
  server = await RecordingServer.start();
});
afterEach(stopNginx);
afterAll(async () => {
  await stopRecordingServers();
  removeFolder(folder);
});

const serverNames = ['shop.example', '*.example.org', 'localhost'];

/** The status and headers of a plain request; `closed` where the connection ends without any. */
async function plain(port: number, host: string, target = '/'): Promise<string> {
  const name = host === '' ? '' : `Host: ${host}\r\n`;
  const text = `GET ${target} HTTP/1.${host === '' ? '0' : '1'}\r\n${name}Connection: close\r\n\r\n`;
  return (await sendRaw(port, text)) || 'closed';
}

describe('serverNames', () => {
  it('are the only ones that get a response', async () => {
    const nginx = await nginxBefore(server, { serverNames });
    const before = server.seen.length;
    for (const host of ['evil.example', 'shop.example.evil', '127.0.0.1', 'x', 'example.org', '']) {
      expect([host, await plain(nginx.port, host)]).toEqual([host, 'closed']);
      expect([host, await plain(nginx.port, host, '/metrics')]).toEqual([host, 'closed']);
    }
    expect(await plain(nginx.port, 'shop.example', 'http://evil.example/')).toBe('closed');
    expect(server.seen).toHaveLength(before);
    for (const host of ['shop.example', 'SHOP.example:81', 'a.example.org', 'localhost']) {
      expect(await plain(nginx.port, host)).toMatch(/^HTTP\/1\.1 200 /);
    }
    // From a balancer that checks by address.
    const health = await plain(nginx.port, '127.0.0.1', '/api/performance/health');
    expect(health).toMatch(/^HTTP\/1\.1 200 /);
    expect(server.seen.at(-1)?.headers).toMatchObject({ 'x-real-ip': '127.0.0.1' });
  });

  it('are the only ones where other files have servers as well', async () => {
    const nginx = await Nginx.run((own) => {
      const text = generateNginxConfig({
        ...{ context: 'http', serverNames, accessLog: own.accessLog, errorLog: own.errorLog },
        ...{ port: own.port, upstreams: [{ name: 'api', servers: [server.address] }] },
      });
      return `pid ${own.pidFile};\nevents {}\nhttp {\n${text}
        server { listen ${String(own.port)}; server_name later.example; return 204; }
      }`;
    });
    expect(await plain(nginx.port, 'evil.example')).toBe('closed');
    expect(await plain(nginx.port, 'shop.example')).toMatch(/^HTTP\/1\.1 200 /);
    expect(await plain(nginx.port, 'later.example')).toMatch(/^HTTP\/1\.1 204 /);
  });

  it('without them, every name is served', async () => {
    const nginx = await nginxBefore(server);
    for (const host of ['evil.example', '127.0.0.1', '']) {
      expect(await plain(nginx.port, host)).toMatch(/^HTTP\/1\.1 200 /);
    }
  });
});

describe('with TLS', () => {
  it.each(['1.18', '1.22'])(
    'other names get no response either (nginx %s)',
    async (nginxVersion) => {
      const port = await freePort();
      const tls = { ...certificate, port };
      const nginx = await nginxBefore(server, { nginxVersion, serverNames, tls });
      const ca = readFileSync(certificate.certificate);
      const before = server.seen.length;
      const encrypted = (servername: string, host: string) =>
        new Promise<number | string>((resolve) => {
          const options = { host: '127.0.0.1', port, ca, agent: false, servername };
          const sent = request({
            ...options,
            checkServerIdentity: () => undefined,
            headers: { host },
          });
          sent.on('response', (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          });
          sent.on('error', () => {
            resolve('closed');
          });
          sent.end();
        });
      expect(await encrypted('evil.example', 'evil.example')).toBe('closed');
      expect(await encrypted('', 'evil.example')).toBe('closed');
      expect(await encrypted('localhost', 'evil.example')).toBe('closed');
      expect(server.seen).toHaveLength(before);
      expect(await encrypted('localhost', 'localhost')).toBe(200);
      // Where the version can, the certificate does not reveal the names to a stranger.
      const handshake = new Promise<string>((resolve) => {
        const socket = connectTls({ host: '127.0.0.1', port, servername: 'evil.example', ca });
        socket.on('error', (error: Error) => {
          resolve(error.message);
        });
      });
      expect(await handshake).toMatch(
        nginxVersion === '1.18' ? /altnames/ : /unrecognized.name|handshake/i,
      );

      // Plain requests are sent to the name that they had, if it is one of these.
      const locationOf = async (host: string): Promise<string | undefined> =>
        /^location: (.*)$/im.exec(await plain(nginx.port, host, '/a?b=c'))?.[1]?.trim();
      expect(await locationOf('shop.example')).toBe(`https://shop.example:${String(port)}/a?b=c`);
      expect(await locationOf('a.example.org:1')).toBe(
        `https://a.example.org:${String(port)}/a?b=c`,
      );
      expect(await plain(nginx.port, 'evil.example')).toBe('closed');
      expect(await plain(nginx.port, 'shop.example', 'http://evil.example/')).toBe('closed');
    },
  );

  it('what nginx redirects itself names no host', async () => {
    const routes = [{ path: '/chat/', upstream: 'api' }];
    const nginx = await nginxBefore(server, { routes });
    const answer = await ask(nginx.port, '/chat?a=b', { headers: { Host: 'evil.example' } });
    expect(answer).toMatchObject({ status: 301, headers: { location: '/chat/?a=b' } });
  });
});
