import { ask } from '../../support/http-client.js';
import { Nginx, stopNginx } from '../../support/nginx.js';
import { RecordingServer, stopRecordingServers } from '../../support/recording-server.js';
import { freePort, until } from '../../support/redis/server.js';

afterEach(async () => {
  await stopNginx();
  await stopRecordingServers();
});

describe('failover', () => {
  /** nginx in front of a server that fails, and a backup. */
  async function withBackup(
    first: string,
    backup: string,
    rest: { maxFails?: number; failTimeout?: 1 } = {},
  ): Promise<Nginx> {
    const servers = [
      { address: first, ...rest },
      { address: backup, backup: true },
    ];
    return await Nginx.start({ upstreams: [{ name: 'api', servers }] });
  }

  it('repeats a GET elsewhere, and a POST never, once it was sent', async () => {
    const bad = await RecordingServer.start((request) => request.socket.destroy());
    const good = await RecordingServer.start();
    const nginx = await withBackup(bad.address, good.address, { maxFails: 0 });
    expect((await ask(nginx.port, '/a')).status).toBe(200);
    expect([bad.seen.length, good.seen.length]).toEqual([1, 1]);
    for (const method of ['POST', 'PATCH']) {
      expect((await ask(nginx.port, '/b', { method })).status).toBe(502);
    }
    expect([bad.seen.length, good.seen.length]).toEqual([3, 1]);
  });

  it('retries every request that was not sent', async () => {
    const good = await RecordingServer.start();
    const nginx = await withBackup(`127.0.0.1:${String(await freePort())}`, good.address);
    expect((await ask(nginx.port, '/', { method: 'POST' })).status).toBe(200);
    expect(good.seen.map(({ method }) => method)).toEqual(['POST']);
  });

  it.each([502, 503, 504])('retries on another server after a %i', async (status) => {
    const bad = await RecordingServer.start((_, response) => response.writeHead(status).end());
    const good = await RecordingServer.start();
    const nginx = await withBackup(bad.address, good.address);
    expect((await ask(nginx.port, '/')).status).toBe(200);
    expect((await ask(nginx.port, '/', { method: 'POST' })).status).toBe(status);
  });

  it('leaves other responses alone', async () => {
    const bad = await RecordingServer.start((_, response) => response.writeHead(500).end());
    const good = await RecordingServer.start();
    const nginx = await withBackup(bad.address, good.address);
    expect((await ask(nginx.port, '/')).status).toBe(500);
    expect(good.seen).toEqual([]);
  });

  it('leaves a server alone that has failed, and tries it again', async () => {
    let isBad = true;
    const first = await RecordingServer.start((request, response) => {
      if (isBad) request.socket.destroy();
      else response.end('first');
    });
    const good = await RecordingServer.start();
    const nginx = await withBackup(first.address, good.address, { maxFails: 2, failTimeout: 1 });
    for (let i = 0; i < 10; i++) expect((await ask(nginx.port, '/')).status).toBe(200);
    // Within a second, or two of them where this machine was slow.
    expect(first.seen.length).toBeLessThan(8);
    isBad = false;
    await until(
      'it gets requests again',
      async () => String((await ask(nginx.port, '/')).body) === 'first',
    );
  });
});
