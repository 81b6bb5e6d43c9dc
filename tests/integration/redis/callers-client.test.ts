import { CacheManager, type CacheOptions } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import * as ioredis5 from 'ioredis-5';

import { RedisCluster } from '../../support/redis/cluster.js';
import { RedisServer, stopServers, until } from '../../support/redis/server.js';
import { Watched } from '../../support/redis/watched.js';

type Client = Redis | Cluster;

let server: RedisServer;
let cluster: RedisCluster;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  [server, cluster] = await Promise.all([RedisServer.start(), RedisCluster.start()]);
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(async () => {
  for (const admin of cluster.admins) admin.disconnect();
  await stopServers();
});

function kept<C extends Client>(client: C): C {
  closing.push(() => {
    client.disconnect();
  });
  client.on('error', () => undefined);
  return client;
}

/** Connections that a server has open. */
async function connections(admin: Redis): Promise<number> {
  return Number(/connected_clients:(\d+)/.exec(await admin.info('clients'))?.[1]);
}

const clients: Record<string, () => Client> = {
  'a Redis client': () => kept(new Redis(server.url)),
  'a Redis client that connects on demand': () =>
    kept(new Redis(server.url, { lazyConnect: true })),
  'a Cluster client': () => kept(new Cluster(cluster.nodes)),
  'a Redis client of ioredis 5': () => kept(new ioredis5.Redis(server.url) as unknown as Redis),
  'a Cluster client of ioredis 5': () =>
    kept(new ioredis5.Cluster([...cluster.nodes]) as unknown as Cluster),
};

const ways: Record<string, (client: Client) => CacheOptions> = {
  'the option redis': (client) => ({ redis: client }),
  'a RedisStore': (client) => ({ store: new RedisStore(client) as never }),
};

const cases = Object.keys(clients).flatMap((client) =>
  Object.keys(ways).map((way) => [client, way] as const),
);

it.each(cases)('%s in %s is used as it is, and never closed', async (name, way) => {
  const client = clients[name]?.() as Client;
  const options = { ...ways[way]?.(client), storeTimeout: '5s' } as const;
  const before = { ...client.options };
  const [one, two] = [new Watched(options), new Watched(options)] as const;
  await Promise.all([one.cache.get('first'), two.cache.get('first')]);
  await Promise.all([one.untilWell(), two.untilWell()]);
  await one.cache.set('key', 'value');
  expect(await two.cache.get('key')).toBe('value');
  await one.cache.close();
  await one.cache.close();
  await two.cache.set('key', 'other');
  expect(await two.cache.get('key')).toBe('other');
  await two.cache.close();
  expect(client.status).toBe('ready');
  expect(await client.ping()).toBe('PONG');
  expect({ ...client.options }).toEqual(before);
  expect([...one.errors, ...two.errors]).toEqual([]);
});

it.each<[string, RedisOptions]>([
  ['numbers as texts', { stringNumbers: true }],
  ['pipelines by itself', { enableAutoPipelining: true }],
  ['shows friendly stacks', { showFriendlyErrorStack: true }],
  ['speaks RESP2', { protocol: 2 }],
])('a client of the caller that %s', async (_, settings) => {
  const client = kept(new Redis(server.url, settings as never));
  const one = new Watched({ redis: client, namespace: 'settings', storeTimeout: '5s' });
  await one.cache.get('nothing');
  await one.untilWell();
  expect(await one.cache.getOrSet('loaded', () => 'value', { tags: ['tag'] })).toBe('value');
  for (let i = 0; i < 10; i++) await one.cache.set(`p:${i}`, i);
  expect(await one.cache.getMany(['p:1', 'p:2', 'p:x'])).toEqual(
    new Map([
      ['p:1', 1],
      ['p:2', 2],
    ]),
  );
  expect(await one.cache.delete('p:0')).toBe(true);
  expect(await one.cache.clear('p:*')).toBe(9);
  await one.cache.invalidateTags('tag');
  expect(await one.cache.get('loaded')).toBeUndefined();
  expect((await one.cache.getStats()).totalKeys).toBeGreaterThanOrEqual(0);
  await one.cache.close();
  expect(one.errors).toEqual([]);
});

it('many caches at once on one client are no leak in the eyes of Node', async () => {
  const client = kept(new Redis(server.url));
  let most = 0;
  const count = (): void => {
    for (const event of client.eventNames()) most = Math.max(most, client.listenerCount(event));
  };
  const caches = Array.from({ length: 25 }, () => new Watched({ redis: client }));
  const reading = Promise.all(caches.map(({ cache }) => cache.get('key')));
  // While they wait for the first connection, and later.
  for (const event of ['connect', 'ready']) client.once(event, count);
  await reading;
  count();
  await caches[0]?.cache.set('key', 'value');
  for (const { cache } of caches) expect(await cache.get('key')).toBe('value');
  count();
  await Promise.all(caches.map(({ cache }) => cache.close()));
  expect(most).toBeLessThanOrEqual(10);
});

it('hundreds of caches on one client, one after the other, leave nothing behind', async () => {
  const client = kept(new Redis(server.url));
  await client.ping();
  const events = ['ready', 'connecting', 'close', 'reconnecting', 'error', 'end'] as const;
  const listeners = (): number[] => events.map((event) => client.listenerCount(event));
  const [before, open] = [listeners(), await connections(client)];
  const warnings: string[] = [];
  const note = (warning: Error): number => warnings.push(warning.message);
  process.on('warning', note);
  for (let i = 0; i < 100; i++) {
    const caches = Array.from({ length: 3 }, () => new CacheManager({ redis: client }));
    await Promise.all(caches.map((cache, j) => cache.set(`key ${j}`, i)));
    await Promise.all(caches.map((cache) => cache.close()));
  }
  process.off('warning', note);
  expect(listeners()).toEqual(before);
  expect(warnings.filter((message) => message.includes('listeners'))).toEqual([]);
  await until('all connections are gone', async () => (await connections(client)) <= open);
});

it('so do caches on a store of the caller', async () => {
  const client = kept(new Redis(server.url));
  const store = new RedisStore(client) as never;
  await client.ping();
  const listeners = (): number => client.listenerCount('ready') + client.listenerCount('close');
  const before = listeners();
  for (let i = 0; i < 20; i++) {
    const cache = new CacheManager({ store });
    await cache.set('key', i);
    await cache.close();
  }
  expect(listeners()).toBe(before);
});

describe('A client with a queue for when there is no connection', () => {
  it('does not queue: calls return at once, and no write comes late', async () => {
    const mortal = await RedisServer.start();
    closing.push(() => mortal.stop());
    const client = kept(
      new Redis(mortal.url, {
        enableOfflineQueue: true,
        maxRetriesPerRequest: null,
        retryStrategy: () => 100,
      }),
    );
    const one = new Watched({ redis: client, memory: false, storeTimeout: '30s' });
    closing.push(() => one.cache.close());
    await one.untilWell();
    await one.cache.set('key', 'old');
    await mortal.kill();
    await until('the client knows', async () => client.status !== 'ready');
    const start = performance.now();
    for (let i = 0; i < 100; i++) {
      expect(await one.cache.getOrSet(`key ${i}`, () => i)).toBe(i);
      await one.cache.set('key', i);
    }
    // A call that is queued waits for as long as a store may take.
    expect(performance.now() - start).toBeLessThan(20_000);
    const { offlineQueue } = client as unknown as { offlineQueue: { length: number } };
    expect(offlineQueue.length).toBe(0);
    await mortal.up();
    await one.untilWell();
    const admin = kept(new Redis(mortal.url));
    expect(await admin.keys('aurora:*')).toEqual([]);
    expect(client.options.enableOfflineQueue).toBe(true);
  });

  it('has commands in flight when Redis hangs: none of our writes is executed late', async () => {
    const mortal = await RedisServer.start();
    closing.push(() => mortal.stop());
    const client = kept(new Redis(mortal.url));
    const admin = kept(new Redis(mortal.url));
    const one = new Watched({ redis: client, memory: false, storeTimeout: '200ms' });
    closing.push(() => one.cache.close());
    await one.untilWell();
    mortal.freeze();
    // It is over after storeTimeout, while Redis hangs.
    await one.cache.set('key', 'late');
    mortal.thaw();
    await one.untilWell();
    expect(await admin.exists('aurora:key')).toBe(0);
  });
});

it.each(['quit', 'disconnect'] as const)(
  'a client that its owner ends by %s is an outage and nothing worse',
  async (how) => {
    const client = kept(new Redis(server.url));
    const one = new Watched({ redis: client });
    closing.push(() => one.cache.close());
    await one.untilWell();
    await client[how]();
    await until('the client has ended', async () => client.status === 'end');
    for (let i = 0; i < 20; i++) expect(await one.cache.getOrSet('key', () => 1)).toBe(1);
    await one.cache.delete('key');
    expect(await one.cache.getStats()).toMatchObject({ degraded: true, listening: false });
    expect(one.errors.length).toBeLessThan(12);
    await client.connect();
    await one.untilWell(15_000);
    await one.cache.set('key', 2);
    expect(await client.exists('aurora:key')).toBe(1);
  },
);
