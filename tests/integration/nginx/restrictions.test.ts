import type { OutgoingHttpHeaders } from 'node:http';

import type { NginxRoute } from 'aurora-cache/nginx';

import { ask } from '../../support/http-client.js';
import {
  as,
  FOREIGNER,
  nginxBefore,
  stopNginx,
  trusting,
  type Nginx,
} from '../../support/nginx.js';
import { RecordingServer, stopRecordingServers } from '../../support/recording-server.js';

afterEach(async () => {
  await stopNginx();
  await stopRecordingServers();
});

describe('the routes of the performance API', () => {
  const clear = '/api/performance/cache/clear?pattern=*';
  const restricted: [method: string, path: string][] = [
    ['POST', clear],
    ['POST', '/api/performance/cache/clear'],
    ['POST', '/api/performance/cache/clear/'],
    ['GET', '/api/performance'],
    ['GET', '/api/performance/'],
    ['GET', '/api/performance/stats'],
    ['GET', '/metrics'],
    // In other words.
    ['POST', '//api///performance//cache/clear'],
    ['POST', '/api/performance/./cache/clear'],
    ['POST', '/%61pi/performance/cache/clear'],
    ['POST', '/api%2Fperformance%2Fcache/clear'],
    ['POST', '/api/performance/cache/clear%3Fpattern=x'],
  ];
  const ambiguous = [
    '/api/performance//../cache/clear',
    '/x/../api/performance/cache/clear',
    '/x/%2e%2E/api/performance/cache/clear',
    '/x/.%2e/api/performance/cache/clear',
    '/x%2F..%2Fapi/performance/cache/clear',
    '/x\\..\\api/performance/cache/clear',
    '/..',
  ];

  it('are for local networks; its health is for all', async () => {
    const server = await RecordingServer.start();
    const nginx = await nginxBefore(server, trusting);
    for (const [method, path] of restricted) {
      const { status } = await ask(nginx.port, path, { method, ...as(FOREIGNER) });
      expect([path, status]).toEqual([path, 403]);
    }
    for (const path of ambiguous) {
      const { status } = await ask(nginx.port, path, { method: 'POST', ...as(FOREIGNER) });
      expect([path, status]).toEqual([path, 400]);
    }
    expect(server.seen).toEqual([]);
    for (const path of ['/api/performance/health', '/a..b/c?next=/../x\\y', '/.well-known/x']) {
      const { status } = await ask(nginx.port, path, as(FOREIGNER));
      expect([path, status]).toEqual([path, 200]);
    }
    for (const client of ['10.1.2.3', '172.31.0.1', '192.168.1.1', '127.0.0.9', '::1', 'fd00::1']) {
      const { status } = await ask(nginx.port, clear, { method: 'POST', ...as(client) });
      expect([client, status]).toEqual([client, 200]);
    }
    for (const client of ['172.32.0.1', '11.0.0.1', '2001:db8::1']) {
      const { status } = await ask(nginx.port, clear, { method: 'POST', ...as(client) });
      expect([client, status]).toEqual([client, 403]);
    }
  });

  it('are for the networks that are named, and where the API is', async () => {
    const server = await RecordingServer.start();
    const performanceApi = { basePath: '/internal/cache/', networks: [FOREIGNER] };
    const nginx = await nginxBefore(server, { ...trusting, performanceApi });
    const status = async (client: string, path: string): Promise<number> =>
      (await ask(nginx.port, path, as(client))).status;
    expect(await status(FOREIGNER, '/internal/cache/stats')).toBe(200);
    expect(await status('10.0.0.1', '/internal/cache/stats')).toBe(403);
    expect(await status('10.0.0.1', '/internal/cache')).toBe(403);
    expect(await status('10.0.0.1', '/internal/cache/health')).toBe(200);
    expect(await status('10.0.0.1', '/api/performance/stats')).toBe(200);
  });

  it('are not opened by a header without a proxy in front', async () => {
    const server = await RecordingServer.start();
    const performanceApi = { networks: ['10.0.0.0/8'] };
    const nginx = await nginxBefore(server, { performanceApi });
    expect((await ask(nginx.port, clear, { method: 'POST', ...as('10.0.0.1') })).status).toBe(403);
  });

  it('are closed to clients behind a balancer that is not trusted', async () => {
    const server = await RecordingServer.start();
    const nginx = await nginxBefore(server);
    for (const headers of [{ 'X-Forwarded-For': '10.0.0.1' }, { Forwarded: 'for=10.0.0.1' }]) {
      for (const path of [clear, '/api/performance', '/metrics']) {
        expect((await ask(nginx.port, path, { method: 'POST', headers })).status).toBe(403);
      }
      expect((await ask(nginx.port, '/api/performance/health', { headers })).status).toBe(200);
      expect((await ask(nginx.port, '/', { headers })).status).toBe(200);
    }
    expect((await ask(nginx.port, clear, { method: 'POST' })).status).toBe(200);
  });

  it('are closed behind a trusted balancer that names no client that nginx understands', async () => {
    const server = await RecordingServer.start();
    const trustedProxies = ['127.0.0.1', '10.9.0.0/16', 'fd09::/16'];
    const nginx = await nginxBefore(server, { trustedProxies });
    const status = async (headers: OutgoingHttpHeaders): Promise<number> =>
      (await ask(nginx.port, '/metrics', { headers })).status;
    const forwardedFor = (text: string) => ({ 'X-Forwarded-For': text });
    const unknown: OutgoingHttpHeaders[] = [
      {},
      { Forwarded: `for=${FOREIGNER}` },
      { 'X-Real-IP': FOREIGNER },
      ...['', 'unknown', '_hidden', 'localhost', '[2001:db8::1]', '"[2001:db8::1]"'].map(
        forwardedFor,
      ),
      // The last ones are trusted; what is in front of them is no address.
      ...['unknown, 10.9.0.1', '[2001:db8::1], 10.9.0.1', '203.0.113.9;, 10.9.0.1'].map(
        forwardedFor,
      ),
      // The client itself put an address in front.
      ...['127.0.0.1, unknown', '127.0.0.1, [2001:db8::1]', '10.0.0.1, unknown'].map(forwardedFor),
      forwardedFor(FOREIGNER),
      forwardedFor(`10.0.0.1, ${FOREIGNER}`),
      forwardedFor(`${FOREIGNER}:4711, 10.9.0.1`),
    ];
    for (const headers of unknown) expect([headers, await status(headers)]).toEqual([headers, 403]);
    const known = [
      ...['10.0.0.1', '10.0.0.1:4711', 'fd00::1', '[fd00::1]:4711', '10.0.0.1, 10.9.0.1'],
      ...['10.0.0.1,fd09::1', `${FOREIGNER}, 10.0.0.1`, 'unknown, 10.0.0.1'],
      // Clients inside the networks of the balancers.
      ...['10.9.0.5', '10.9.0.5, 127.0.0.1', '10.9.0.5:80, 10.9.0.1', 'fd09::5', '127.0.0.1'],
    ].map(forwardedFor);
    for (const headers of known) expect([headers, await status(headers)]).toEqual([headers, 200]);
    expect((await ask(nginx.port, '/api/performance/health')).status).toBe(200);
    expect((await ask(nginx.port, '/')).status).toBe(200);
  });

  it('are closed to an unnamed balancer where another one is trusted', async () => {
    const server = await RecordingServer.start();
    const nginx = await nginxBefore(server, { trustedProxies: ['10.9.0.1'] });
    expect((await ask(nginx.port, '/metrics')).status).toBe(200);
    const headers = ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'X-Client-IP', 'Via'];
    for (const name of headers) {
      const { status } = await ask(nginx.port, '/metrics', { headers: { [name]: '10.0.0.1' } });
      expect([name, status]).toEqual([name, 403]);
    }
  });
});

describe('routes with networks', () => {
  const named = { upstream: 'api', networks: ['10.0.0.0/8'] };
  const routes: NginxRoute[] = [
    { path: '/', upstream: 'api' },
    { path: '/admin/', ...named },
    { path: '/admin/public/', upstream: 'api' },
    { path: '/secret', exact: true, ...named },
    { path: '/a+b.c', ...named },
    { path: '/admin/keys', exact: true, upstream: 'api', networks: ['10.1.0.0/16'] },
  ];
  const statuses = async (nginx: Nginx, paths: readonly string[], client: string) =>
    await Promise.all(
      paths.map(
        async (path) => `${path} ${String((await ask(nginx.port, path, as(client))).status)}`,
      ),
    );
  const all = (paths: readonly string[], status: number) =>
    paths.map((path) => `${path} ${String(status)}`);

  it('are closed to others in every spelling that a service may take for the same', async () => {
    const server = await RecordingServer.start();
    const nginx = await nginxBefore(server, { ...trusting, routes });
    const spellings = [
      ...['/admin/', '/admin/x', '/Admin/x', '/ADMIN/', '/Admin', '/%41dmin/x', '/admin//x'],
      ...['/secret', '/secret/', '/Secret', '/SECRET/', '/secret%2F', '/secret//', '//Secret'],
      ...['/a+b.c', '/A+B.C', '/a+B.c/d', '/Metrics', '/metrics/', '/API/performance/stats'],
      ...['/Api/Performance', '/api/Performance/cache/clear', '/Admin/Keys', '/admin/keys/'],
      ...['/admin;a=1/x', '/admin;a', '/api;v=1/performance/stats', '/api/performance;/stats'],
    ];
    expect(await statuses(nginx, spellings, FOREIGNER)).toEqual(all(spellings, 403));
    expect(server.seen).toEqual([]);
    const open = [
      ...['/', '/adminx', '/administration/x', '/secret/x', '/secrets', '/aab.c', '/a+bxc'],
      ...['/admin/public/x', '/api/performance/health', '/API/performance/health', '/metrics/x'],
      '/?next=/Admin/x',
    ];
    expect(await statuses(nginx, open, FOREIGNER)).toEqual(all(open, 200));
  });

  it('are open to their own networks, and not to those of a route beside', async () => {
    const server = await RecordingServer.start();
    const nginx = await nginxBefore(server, { ...trusting, routes });
    const own = ['/admin/', '/admin/x', '/admin/X', '/secret', '/a+b.c', '/admin/public/'];
    expect(await statuses(nginx, own, '10.0.0.1')).toEqual(all(own, 200));
    const keys = ['/admin/keys', '/admin/Keys', '/admin/keys/'];
    expect(await statuses(nginx, keys, '10.0.0.1')).toEqual(all(keys, 403));
    expect(await statuses(nginx, ['/admin/keys'], '10.1.0.1')).toEqual(['/admin/keys 200']);
  });

  it('are closed to clients whose address an unnamed balancer hides', async () => {
    const server = await RecordingServer.start();
    const route = { path: '/admin/', upstream: 'api', networks: ['127.0.0.0/8'] };
    const nginx = await nginxBefore(server, { routes: [route] });
    expect((await ask(nginx.port, '/admin/')).status).toBe(200);
    expect((await ask(nginx.port, '/admin/', as('10.0.0.1'))).status).toBe(403);
  });
});
