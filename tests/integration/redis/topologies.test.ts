import { inspect } from 'node:util';

import { CacheManager } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { storeContract, type StoreUnderTest } from 'aurora-cache/testing';
import { Cluster, Redis } from 'ioredis';

import { RedisCluster } from '../../support/redis/cluster.js';
import { SentinelGroup } from '../../support/redis/sentinel.js';
import { stopServers, until } from '../../support/redis/server.js';
import { serviceOn } from '../../support/redis/service.js';
import { SecureServer } from '../../support/redis/tls.js';

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
  // Set-up may have failed half-way: stop everything that was started.
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
  "the cache's Sentinel client": {
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
        (store) => new CacheManager({ store, memory: false, storeTimeout: '5s' }),
      ) as [CacheManager, CacheManager];
      const value = { at: new Date(0), tags: new Map([['a', new Set([1n])]]) };
      await one.set('key', value, { ttl: '1m' });
      expect(await two.get('key')).toEqual(value);
      expect(await two.delete('key')).toBe(true);
      expect(await one.get('key')).toBeUndefined();
    });

    it('loads once what two instances read', async () => {
      const [one, two] = [open(), open()].map((store) =>
        serviceOn(new CacheManager({ store, memory: false, storeTimeout: '5s' })),
      ) as [ReturnType<typeof serviceOn>, ReturnType<typeof serviceOn>];
      const numbers = Array.from({ length: 200 }, (_, n) => n);
      const answers = numbers.map((n) => `answer ${n}`);
      expect(await Promise.all(numbers.map((n) => one.answer(n)))).toEqual(answers);
      // Fills are not awaited; those of the first instance may still be in flight.
      const servers = await admins();
      await until('all results are stored', async () => {
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
      storeTimeout: '5s',
    });
    cache.on('error', ({ error }) => errors.push(error));
    expect(await cache.getOrSet('key', () => 1)).toBe(1);
    expect(inspect(errors)).toContain('NOPERM');
    expect(inspect(errors, { depth: 9 })).not.toContain(secure.password);
  });
});
