import { fork } from 'node:child_process';
import { join } from 'node:path';
import { cached, CacheManager, type CacheOptions } from 'aurora-cache';
import { createPerformanceApi, type PerformanceApi } from 'aurora-cache/http';
import { Cluster, type Redis } from 'ioredis';

import { CORE } from '../../../src/cache/manager.js';
import { closedAfterEach } from '../../support/closing.js';
import { RedisCluster } from '../../support/redis/cluster.js';
import { RedisServer, until } from '../../support/redis/server.js';
import { shareServer } from '../../support/redis/shared-server.js';

const ROOT = join(__dirname, '../../..');

interface Stats {
  readonly instances: number;
  readonly cache: { readonly hits: number; readonly misses: number; readonly total_keys: number };
  readonly requests: {
    readonly total_requests: number;
    readonly p50: number;
    readonly routes: readonly { readonly route: string; readonly count: number }[];
  };
  readonly methods: readonly { readonly name: string; readonly hits: number }[];
}

let server: RedisServer;
let admin: Redis;
shareServer((shared) => ({ server, admin } = shared));
const closing = closedAfterEach();

async function instance(
  options: CacheOptions = {},
): Promise<{ cache: CacheManager; api: PerformanceApi }> {
  const cache = new CacheManager({ redisUrl: server.url, ...options });
  closing.push(() => cache.close());
  const api = createPerformanceApi({ cache, fleetInterval: '200ms' });
  closing.push(() => api.close());
  await until('it is there', async () => (await cache.getStats()).degraded === false);
  return { cache, api };
}

async function fleet({ handlers }: PerformanceApi, query = '?scope=fleet'): Promise<Stats> {
  const response = await handlers.stats(new Request(`http://localhost/${query}`));
  return (await response.json()) as Stats;
}

describe('scope=fleet', () => {
  it('is the sum of two processes, and goes on when one of them is killed', async () => {
    const child = fork(join(__dirname, 'fleet-host.ts'), [], {
      cwd: ROOT,
      env: { ...process.env, REDIS_URL: server.url },
      execArgv: ['--import', 'tsx'],
    });
    closing.push(() => child.kill('SIGKILL'));
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('The other instance did not start.')));
    });
    const { cache, api } = await instance();
    const find = cached((id: number) => Promise.resolve(id), { name: 'find', cache });
    for (let i = 0; i < 10; i++) await find(1);
    api.recorder.end('GET', '/items/1', '/items/:id', 200, false, 5);

    await until('it hears of the other', async () => (await fleet(api)).cache.hits === 109);
    const both = await fleet(api);
    expect(both).toMatchObject({
      ...{ scope: 'fleet', instances: 2 },
      // The child loaded; here even the first call was a hit in Redis.
      cache: { type: 'redis', hits: 109, misses: 1, total_keys: 1 },
      requests: { total_requests: 101, routes: [{ route: '/items/:id', count: 101 }] },
    });
    expect(both.methods.find(({ name }) => name === 'find')?.hits).toBe(109);
    expect(both.requests.p50).toBeCloseTo(0.1, 2);
    expect(await fleet(api, '')).toMatchObject({ instances: 1, cache: { hits: 10 } });

    child.kill('SIGKILL');
    await until('it is forgotten', async () => (await fleet(api)).instances === 1);
    expect((await fleet(api)).cache.hits).toBe(10);
    expect(await admin.keys('aurora#stats:*')).toHaveLength(1);
  });

  it('forgets an instance at once that says good-bye, and nothing stays behind', async () => {
    const [one, two] = [await instance(), await instance()];
    await until('they know each other', async () => (await fleet(one.api)).instances === 2);
    await two.api.close();
    expect((await fleet(one.api)).instances).toBe(1);
    await one.api.close();
    expect(await admin.keys('aurora#stats*')).toEqual([]);
  });

  it('adds up no more than 200 instances, and nothing that is no snapshot', async () => {
    const { api, cache } = await instance();
    const { origin } = cache[CORE].engine;
    await until(
      'it has left its own',
      async () => (await admin.exists(`aurora#stats:${origin}`)) > 0,
    );
    const text = (await admin.get(`aurora#stats:${origin}`)) ?? '';
    for (let i = 0; i < 2000; i++) {
      await admin.set(`aurora#stats:other-${i}`, i % 2 === 0 ? text : 'rubbish');
      await admin.zadd('aurora#stats', Date.now() + 1000, `other-${i}`);
    }
    const { instances } = await fleet(api);
    expect(instances).toBeGreaterThan(50);
    expect(instances).toBeLessThanOrEqual(101);
    await until('the index is short again', async () => (await admin.zcard('aurora#stats')) <= 200);
  });

  it('goes on alone while Redis is away, and is whole again afterwards', async () => {
    const own = await RedisServer.start();
    const [one, two] = [
      await instance({ redisUrl: own.url }),
      await instance({ redisUrl: own.url }),
    ];
    await until('they know each other', async () => (await fleet(one.api)).instances === 2);
    await own.kill();
    expect(await fleet(two.api)).toMatchObject({ instances: 1, cache: { type: 'redis' } });
    const health = await two.api.handlers.health(new Request('http://localhost/'));
    await until('it is noticed', async () => (await two.cache.getStats()).degraded);
    expect(health.status).toBe(200);
    const later = await two.api.handlers.health(new Request('http://localhost/'));
    expect([later.status, await later.json()]).toMatchObject([
      200,
      { status: 'degraded', tiers: { shared: { state: 'away' } } },
    ]);
    await own.up();
    await until('it is whole', async () => (await fleet(one.api)).instances === 2, 20_000);
  });

  it('works on a cluster, whose keys lie apart', async () => {
    const cluster = await RedisCluster.start();
    const both = await Promise.all(
      [0, 1].map(async () => {
        const redis = new Cluster(cluster.nodes);
        closing.push(() => redis.disconnect());
        return await instance({ redisUrl: undefined, redis });
      }),
    );
    for (const { api } of both) {
      await until('they know each other', async () => (await fleet(api)).instances === 2);
    }
    await both[1]?.api.close();
    expect((await fleet(both[0]!.api)).instances).toBe(1);
    for (const admin of cluster.admins) admin.disconnect();
  });

  it('is this instance alone without Redis, and with a store that cannot coordinate', async () => {
    for (const options of [{}, { store: new Map() }]) {
      const cache = new CacheManager(options);
      const api = createPerformanceApi({ cache });
      expect(await fleet(api)).toMatchObject({ scope: 'fleet', instances: 1 });
      await api.close();
    }
  });
});
