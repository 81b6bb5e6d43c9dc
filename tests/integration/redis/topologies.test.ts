import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';

import { Cached, CacheManager } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { storeContract, type StoreUnderTest } from 'aurora-cache/testing';
import { Cluster, Redis } from 'ioredis';

import { CacheProcess } from '../../support/redis/cache-process.js';
import { RedisCluster } from '../../support/redis/cluster.js';
import { SentinelGroup } from '../../support/redis/sentinel.js';
import { freePort, RedisServer, stopServers, until } from '../../support/redis/server.js';
import { SecureServer } from '../../support/redis/tls.js';
import { Watched } from '../../support/redis/watched.js';

let cluster: RedisCluster;
let sentinel: SentinelGroup;
let secure: SecureServer;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  [cluster, sentinel, secure] = await Promise.all([
    RedisCluster.start(),
    SentinelGroup.start(),
    SecureServer.start(),
  ]);
});

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

afterAll(async () => {
  // Set-up may have failed half-way: whatever has come up must go.
  for (const admin of (cluster as RedisCluster | undefined)?.admins ?? []) admin.disconnect();
  (secure as SecureServer | undefined)?.admin.disconnect();
  await stopServers();
});

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function onClusterClient(): RedisStore {
  const client = new Cluster(cluster.nodes);
  closing.push(() => {
    client.disconnect();
  });
  return new RedisStore(client);
}

function own(...target: ConstructorParameters<typeof RedisStore>): RedisStore {
  const store = new RedisStore(...target);
  closing.push(() => store.disconnect());
  return store;
}

function onSecureUrl(): RedisStore {
  const client = new Redis(secure.url, { tls: { ca: secure.ca } });
  closing.push(() => {
    client.disconnect();
  });
  return new RedisStore(client);
}

/** A service whose answers are cached in Redis only; `calls` counts those it worked out. */
function serviceOn(cache: CacheManager): { answer(n: number): Promise<string>; calls(): number } {
  let calls = 0;
  class Service {
    @Cached({ keyPrefix: 'service', cache, ttl: 60 })
    async answer(n: number): Promise<string> {
      calls++;
      return await Promise.resolve(`answer ${n}`);
    }
  }
  const service = new Service();
  return { answer: (n) => service.answer(n), calls: () => calls };
}

interface Topology {
  readonly open: () => RedisStore;
  readonly flush: () => Promise<unknown>;
  /** A connection to every server that holds keys, free to do anything. */
  readonly admins: () => Promise<readonly Redis[]>;
}

const topologies: Record<string, Topology> = {
  "a Cluster client of the caller's": {
    open: onClusterClient,
    flush: () => cluster.flush(),
    admins: async () => cluster.admins,
  },
  'a Sentinel client of its own': {
    open: () => own(sentinel.options),
    flush: () => sentinel.flush(),
    admins: async () => {
      const admin = new Redis((await sentinel.primary()).url);
      closing.push(() => {
        admin.disconnect();
      });
      return [admin];
    },
  },
  'TLS and an ACL user, by options': {
    open: () => own(secure.options),
    flush: () => secure.admin.flushall(),
    admins: async () => [secure.admin],
  },
  'TLS and an ACL user, by URL': {
    open: onSecureUrl,
    flush: () => secure.admin.flushall(),
    admins: async () => [secure.admin],
  },
};

/** A store whose keys all lie below a namespace: an ACL user may touch no others. */
function below(namespace: string, store: RedisStore): StoreUnderTest['store'] {
  const key = (name: string): string => `${namespace}:${name}`;
  return {
    get: (name) => store.get(key(name)),
    getMany: (names: string[]) => store.getMany(names.map(key)) as never,
    set: (name, value: string, ttl) => store.set(key(name), value, ttl),
    delete: (name) => store.delete(key(name)),
    deleteMany: (names) => store.deleteMany(names.map(key)),
    has: (name) => store.has(key(name)),
    async *iterator() {
      for await (const [name, value] of store.iterator(namespace)) {
        yield [name.slice(namespace.length + 1), value];
      }
    },
  };
}

describe.each(Object.entries(topologies))('RedisStore on %s', (_, { open, flush, admins }) => {
  const contract = storeContract(async () => {
    await flush();
    return { store: below('aurora', open()), pass: wait };
  });

  test.each(contract.map(({ name, run }) => [name, run] as const))('%s', async (_name, run) => {
    await run();
  });

  describe('under a cache', () => {
    beforeEach(async () => {
      await flush();
    });

    it('shares values with their types', async () => {
      const [one, two] = [open(), open()].map(
        (store) => new CacheManager({ store, memory: false }),
      ) as [CacheManager, CacheManager];
      const value = { at: new Date(0), tags: new Map([['a', new Set([1n])]]) };
      await one.set('key', value, { ttl: '1m' });
      expect(await two.get('key')).toEqual(value);
      expect(await two.delete('key')).toBe(true);
      expect(await one.get('key')).toBeUndefined();
    });

    it('works out once what two instances ask for', async () => {
      const [one, two] = [open(), open()].map((store) =>
        serviceOn(new CacheManager({ store, memory: false })),
      ) as [ReturnType<typeof serviceOn>, ReturnType<typeof serviceOn>];
      const numbers = Array.from({ length: 200 }, (_, n) => n);
      const answers = numbers.map((n) => `answer ${n}`);
      expect(await Promise.all(numbers.map((n) => one.answer(n)))).toEqual(answers);
      // Nobody waits until an answer is stored; the first instance's may still be on their way.
      const servers = await admins();
      await until('all answers are stored', async () => {
        // Until then, each has its lease in Redis instead.
        const stored = await Promise.all(servers.map((server) => server.keys('aurora:*')));
        return stored.flat().length === 200;
      });
      expect(await Promise.all(numbers.map((n) => two.answer(n)))).toEqual(answers);
      expect([one.calls(), two.calls()]).toEqual([200, 0]);
    });

    it('clears by pattern exactly what matches, on every server', async () => {
      const servers = await admins();
      // A machine that is busy with other tests may be slow: this is not about time-outs.
      const cache = new CacheManager({ store: open(), storeTimeout: '5s' });
      const errors: unknown[] = [];
      cache.on('error', ({ error }) => errors.push(error));
      const numbers = Array.from({ length: 400 }, (_, n) => n);
      await Promise.all(
        numbers.flatMap((n) => [cache.set(`user:${n}:a`, n), cache.set(`order:${n}`, n)]),
      );
      const client = servers.length > 1 ? new Cluster(cluster.nodes) : servers[0];
      const foreign = async (n: number): Promise<unknown> =>
        await client?.set(`other:user:${n}:a`, 'theirs');
      await Promise.all(numbers.map(foreign));
      if (client instanceof Cluster) client.disconnect();
      for (const server of servers) {
        expect((await server.keys('aurora:user:*')).length).toBeGreaterThan(50);
      }

      const cleared = await cache.clear('user:*');
      expect(errors).toEqual([]);
      expect(cleared).toBe(400);
      const left = (await Promise.all(servers.map((server) => server.keys('*:*'))))
        .flat()
        .filter((key) => !key.startsWith('aurora#'));
      expect(left.sort()).toEqual(
        numbers.flatMap((n) => [`aurora:order:${n}`, `other:user:${n}:a`]).sort(),
      );
    });
  });
});

describe('An ACL user', () => {
  it('is kept from keys outside of the namespace, and no caller notices', async () => {
    const errors: unknown[] = [];
    const cache = new CacheManager({
      store: own(secure.options),
      memory: false,
      namespace: 'foreign',
    });
    cache.on('error', ({ error }) => errors.push(error));
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
    expect(inspect(errors)).toContain('NOPERM');
    expect(inspect(errors, { depth: 9 })).not.toContain(secure.password);
  });
});

/** Calls of several kinds, a few at a time, until `during` is over; how many they were. */
async function underLoad(
  cache: CacheManager,
  during: () => Promise<void>,
  service = serviceOn(cache),
): Promise<number> {
  let isOver = false;
  let made = 0;
  const caller = async (first: number): Promise<void> => {
    for (let i = first; !isOver; i++) {
      expect(await service.answer(i % 20)).toBe(`answer ${i % 20}`);
      await cache.set(`key ${i % 20}`, i);
      await cache.get(`key ${i % 20}`);
      made += 3;
      await wait(5);
    }
  };
  const callers = Promise.all([0, 5, 10, 15].map(caller));
  try {
    await Promise.race([during(), callers]);
  } finally {
    isOver = true;
  }
  await callers;
  return made;
}

async function usable(store: RedisStore): Promise<void> {
  await until('the store is usable again', async () => {
    try {
      await store.set('aurora:probe', 'value', 60_000);
      return (await store.get('aurora:probe')) === 'value';
    } catch {
      return false;
    }
  });
}

it('A process on sentinels ends by itself, and writes nothing to its console', async () => {
  const child = await CacheProcess.start();
  closing.push(() => {
    child.kill();
  });
  await child.do('open', 'it', { redis: sentinel.options });
  await child.do('set', 'it', 'key', 'value');
  expect(await child.do('get', 'it', 'key')).toBe('value');
  child.leave();
  expect(await child.ended).toBe(0);
  expect(child.stderr).not.toMatch(/ioredis|Unhandled/);
}, 30_000);

describe('A failover', () => {
  it('that is planned undoes no acknowledged invalidation, and empties no cache', async () => {
    await sentinel.flush();
    const caches = Array.from({ length: 2 }, () => {
      const watched = new Watched({ redis: sentinel.options, namespace: 'planned', memory: false });
      closing.push(() => watched.cache.close());
      return watched;
    }) as [Watched, Watched];
    for (const one of caches) await one.untilWell();
    const [author, other] = caches;
    const numbers = Array.from({ length: 1000 }, (_, n) => n);
    const all = (what: string): string[] => numbers.map((n) => `${what} ${n}`);
    for (const what of ['doomed', 'good']) {
      await author.cache.setMany(all(what).map((key) => ({ key, value: 'old' })));
    }
    let isOver = false;
    const failingOver = sentinel.handOver().finally(() => {
      isOver = true;
    });
    // Before, while and after a replica takes over.
    for (const [i, key] of all('doomed').entries()) {
      if (i % 3 === 0) await author.cache.set(key, 'new');
      else await author.cache.delete(key);
      if (!isOver) await wait(25);
    }
    await failingOver;
    for (const one of caches) await one.untilWell(30_000);
    for (const { cache } of [author, other]) {
      const found = [...(await cache.getMany(all('doomed'))).values()];
      expect(found.filter((value) => value === 'old')).toEqual([]);
      expect((await cache.getMany(all('good'))).size).toBe(numbers.length);
    }
  }, 90_000);

  it.each<[string, (primary: RedisServer) => Promise<void>]>([
    [
      'from a primary that hangs',
      async (primary) => {
        primary.freeze();
        await sentinel.successor(primary);
      },
    ],
    ['from a primary that is killed', () => sentinel.failOver()],
  ])(
    '%s fails no call, and the store goes on with the new one',
    async (_, fail) => {
      const primary = await sentinel.primary();
      const store = own(sentinel.options);
      const cache = new CacheManager({ store, memory: false, storeTimeout: '200ms' });
      const service = serviceOn(cache);
      await usable(store);
      const during = async (): Promise<void> => {
        await fail(primary);
        await usable(store);
      };
      expect(await underLoad(cache, during, service)).toBeGreaterThan(20);
      await sentinel.flush();
      await until('an answer is shared again', async () => {
        const calls = service.calls();
        await service.answer(1000);
        return service.calls() === calls;
      });
      primary.thaw();
    },
    20_000,
  );

  it('is followed by a new connection when the old primary answers READONLY', async () => {
    const server = await RedisServer.start();
    const admin = new Redis(server.url);
    closing.push(() => server.stop());
    closing.push(() => {
      admin.disconnect();
    });
    const store = own(server.url);
    await store.set('key', 'before');
    await admin.replicaof('127.0.0.1', await freePort());
    const before = await connectionsTo(admin);
    await expect(store.set('key', 'during')).rejects.toThrow(/^READONLY/);
    await until('the store has connected anew', async () => (await connectionsTo(admin)) > before);
    await admin.call('REPLICAOF', 'NO', 'ONE');
    await usable(store);
  });
});

/** Connections that a server has taken since it started. */
async function connectionsTo(admin: Redis): Promise<number> {
  return Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1]);
}

/** Calls go on for a while over a store that cannot connect: what is told of it meanwhile. */
async function toldOf(
  target: ConstructorParameters<typeof RedisStore>[0],
  forMs: number,
): Promise<string[]> {
  const told: Error[] = [];
  const store = own(target, { onError: (error) => told.push(error) });
  const cache = new CacheManager({ store, memory: false, storeTimeout: '200ms' });
  const events: unknown[] = [];
  cache.on('error', ({ error }) => events.push(error));
  await underLoad(cache, async () => {
    await until('something is told', async () => told.length > 0);
    await wait(forMs);
  });
  // Whoever logs an event with all there is in it shows no password.
  expect(inspect([told, events], { depth: 20, showHidden: true })).not.toContain('secret');
  // Without a connection nothing waits for a time-out.
  await expect(store.get('aurora:key')).rejects.toThrow(/not connected/);
  return told.map(({ message }) => message);
}

describe('Without the right credentials, calls work, one error is told and attempts are few:', () => {
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
    const told = await toldOf(`redis://${credentials}127.0.0.1:${server.port}`, 1200);
    expect(told).toEqual([expect.stringMatching(message)]);
    expect((await connectionsTo(admin)) - before).toBeLessThanOrEqual(2);
  });
});

describe('Without a server to talk to, calls work and one clear error is told:', () => {
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
      'nobody listens at the address',
      async () => `redis://:secret@127.0.0.1:${await freePort()}`,
      /^Redis: connect ECONNREFUSED 127\.0\.0\.1:\d+$/,
    ],
    [
      'nobody listens under the name',
      async () => `redis://:secret@localhost:${await freePort()}`,
      /^Redis: .*ECONNREFUSED/,
    ],
    [
      'somebody listens, and never answers',
      async () => `redis://:secret@127.0.0.1:${portOf(silent)}`,
      /^Redis: Command timed out/,
    ],
    [
      'somebody listens, and hangs up',
      async () => `redis://:secret@127.0.0.1:${portOf(rude)}`,
      /^Redis: the server closes the connection at once/,
    ],
    [
      'no sentinel answers',
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
    expect(await toldOf(await target(), 500)).toEqual([expect.stringMatching(message)]);
  });

  it('the server wants TLS', async () => {
    // The system tells of the closed connection in several ways; each is told once.
    const told = await toldOf(`redis://:secret@127.0.0.1:${secure.port}`, 500);
    expect(told).not.toEqual([]);
    expect(new Set(told).size).toBe(told.length);
    for (const message of told) {
      expect(message).toMatch(/^Redis: (?:(?:read|write) (?:ECONNRESET|EPIPE)|the server closes)/);
    }
  });

  it('every address of a name is told of, and each failure once', () => {
    const client = new Redis({ lazyConnect: true });
    const told: string[] = [];
    void new RedisStore(client, { onError: ({ message }) => told.push(message) });
    // Node's own way to say that a name's addresses, here two, have all failed.
    const addresses = ['::1', '127.0.0.1'].map(
      (host) => new Error(`connect ECONNREFUSED ${host}:1`),
    );
    for (let i = 0; i < 3; i++) {
      client.emit('error', new AggregateError(addresses));
      client.emit('error', new Error('another'));
    }
    expect(told).toEqual([
      'Redis: connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1',
      'Redis: another',
    ]);
  });

  it('a sentinel that hangs keeps nobody from the others', async () => {
    const { sentinels, name } = sentinel.options;
    const hung = { host: '127.0.0.1', port: portOf(silent) };
    await usable(own({ name, sentinels: [hung, ...sentinels] }));
  });

  it('a store that is closed while it connects lets its callers go', async () => {
    const told: Error[] = [];
    const store = new RedisStore(sentinel.options, { onError: (error) => told.push(error) });
    const call = store.get('aurora:key');
    await Promise.all([expect(call).rejects.toThrow(/not connected/), store.disconnect()]);
    expect(told).toEqual([]);
  });
});
