import { ask } from '../../support/http-client.js';
import { as, FOREIGNER, nginxBefore, stopNginx, trusting } from '../../support/nginx.js';
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

  it('are not opened by a header when nobody stands in front', async () => {
    const server = await RecordingServer.start();
    const performanceApi = { networks: ['10.0.0.0/8'] };
    const nginx = await nginxBefore(server, { performanceApi });
    expect((await ask(nginx.port, clear, { method: 'POST', ...as('10.0.0.1') })).status).toBe(403);
  });

  it('are closed to whoever comes through a balancer that nobody has named', async () => {
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
});
