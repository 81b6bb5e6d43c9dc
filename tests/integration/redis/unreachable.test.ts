import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';

import { CacheManager } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { Redis } from 'ioredis';

import { closedAfterEach } from '../../support/closing.js';
import { SentinelGroup } from '../../support/redis/sentinel.js';
import { freePort, RedisServer, stopServers, until } from '../../support/redis/server.js';
import { connectionsTo, underLoad, usable } from '../../support/redis/service.js';
import { SecureServer } from '../../support/redis/tls.js';

let sentinel: SentinelGroup;
let secure: SecureServer;
const closing = closedAfterEach();

beforeAll(async () => {
  [sentinel, secure] = await Promise.all([SentinelGroup.start(), SecureServer.start()]);
});

afterAll(async () => {
  (secure as SecureServer | undefined)?.admin.disconnect();
  await stopServers();
});

function own(...target: ConstructorParameters<typeof RedisStore>): RedisStore {
  const store = new RedisStore(...target);
  closing.push(() => store.disconnect());
  return store;
}

/** Makes calls for a while over a store that cannot connect; returns the reported messages. */
async function reportedOf(
  target: ConstructorParameters<typeof RedisStore>[0],
  forMs: number,
): Promise<string[]> {
  const reported: Error[] = [];
  const store = own(target, { onError: (error) => reported.push(error) });
  const cache = new CacheManager({ store, memory: false, storeTimeout: '200ms' });
  const events: unknown[] = [];
  cache.on('error', ({ error }) => events.push(error));
  await underLoad(cache, async () => {
    await until('an error is reported', async () => reported.length > 0);
    await pause(forMs);
  });
  // An event that is logged with everything in it shows no password.
  expect(inspect([reported, events], { depth: 20, showHidden: true })).not.toContain('secret');
  // Without a connection nothing waits for a time-out.
  await expect(store.get('aurora:key')).rejects.toThrow(/not connected/);
  return reported.map(({ message }) => message);
}
describe('Without the right credentials, calls work, one error is reported, and attempts are few:', () => {
  let server: RedisServer;
  let admin: Redis;

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = new Redis(server.url);
    await admin.config('SET', 'requirepass', 'right');
  });

  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  it.each([
    ['a wrong password', ':secret@', /^Redis: WRONGPASS/],
    ['an unknown user', 'someone:secret@', /^Redis: WRONGPASS/],
    ['no password at all', '', /^Redis: NOAUTH/],
  ])('%s', async (_, credentials, message) => {
    const before = await connectionsTo(admin);
    const reported = await reportedOf(`redis://${credentials}127.0.0.1:${server.port}`, 1200);
    expect(reported).toEqual([expect.stringMatching(message)]);
    expect((await connectionsTo(admin)) - before).toBeLessThanOrEqual(2);
  });
});

describe('Without a server, calls work, and one clear error is reported:', () => {
  let silent: Server;
  let rude: Server;
  const sockets = new Set<Socket>();
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;

  beforeAll(async () => {
    silent = createServer((socket) => sockets.add(socket));
    rude = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end(),
    );
    for (const server of [silent, rude]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    for (const server of [silent, rude]) await new Promise((resolve) => server.close(resolve));
  });

  const targets: [string, () => Promise<ConstructorParameters<typeof RedisStore>[0]>, RegExp][] = [
    [
      'there is no server at the address',
      async () => `redis://:secret@127.0.0.1:${await freePort()}`,
      /^Redis: connect ECONNREFUSED 127\.0\.0\.1:\d+$/,
    ],
    [
      'there is no server under the name',
      async () => `redis://:secret@localhost:${await freePort()}`,
      /^Redis: .*ECONNREFUSED/,
    ],
    [
      'the server never replies',
      async () => `redis://:secret@127.0.0.1:${portOf(silent)}`,
      /^Redis: Command timed out/,
    ],
    [
      'the server hangs up',
      async () => `redis://:secret@127.0.0.1:${portOf(rude)}`,
      /^Redis: the server closes the connection at once/,
    ],
    [
      'no sentinel replies',
      async () => ({
        name: 'aurora',
        password: 'secret',
        sentinels: [
          { host: '127.0.0.1', port: await freePort() },
          { host: '127.0.0.1', port: await freePort() },
        ],
      }),
      /^Redis: All sentinels are unreachable/,
    ],
    [
      'the certificate is not to be trusted',
      async () => `rediss://:secret@127.0.0.1:${secure.port}`,
      /^Redis: .*certificate/,
    ],
  ];

  it.each(targets)('%s', async (_, target, message) => {
    expect(await reportedOf(await target(), 500)).toEqual([expect.stringMatching(message)]);
  });

  it('the server wants TLS', async () => {
    // The system reports the closed connection in several ways; each is reported once.
    const reported = await reportedOf(`redis://:secret@127.0.0.1:${secure.port}`, 500);
    expect(reported).not.toEqual([]);
    expect(new Set(reported).size).toBe(reported.length);
    for (const message of reported) {
      expect(message).toMatch(/^Redis: (?:(?:read|write) (?:ECONNRESET|EPIPE)|the server closes)/);
    }
  });

  it('every address of a name is reported, and each failure once', () => {
    const client = new Redis({ lazyConnect: true });
    const reported: string[] = [];
    void new RedisStore(client, { onError: ({ message }) => reported.push(message) });
    // Node's own way to say that a name's addresses, here two, have all failed.
    const addresses = ['::1', '127.0.0.1'].map(
      (host) => new Error(`connect ECONNREFUSED ${host}:1`),
    );
    for (let i = 0; i < 3; i++) {
      client.emit('error', new AggregateError(addresses));
      client.emit('error', new Error('another'));
    }
    expect(reported).toEqual([
      'Redis: connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1',
      'Redis: another',
    ]);
  });

  it('a sentinel that hangs does not keep the store from the others', async () => {
    const { sentinels, name } = sentinel.options;
    const hung = { host: '127.0.0.1', port: portOf(silent) };
    await usable(own({ name, sentinels: [hung, ...sentinels] }));
  });

  it('a store that is closed while it connects lets its callers go', async () => {
    const reported: Error[] = [];
    const store = new RedisStore(sentinel.options, { onError: (error) => reported.push(error) });
    const call = store.get('aurora:key');
    await Promise.all([expect(call).rejects.toThrow(/not connected/), store.disconnect()]);
    expect(reported).toEqual([]);
  });
});
