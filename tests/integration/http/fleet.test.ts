import { fork } from 'node:child_process';
import { join } from 'node:path';
import { cached, CacheManager, type CacheOptions, type Duration } from 'aurora-cache';
import { createPerformanceApi, type PerformanceApi } from 'aurora-cache/http';
import { Cluster, type Redis } from 'ioredis';

import { takeSnapshot } from '../../../src/http/stats/stats-snapshot.js';
import { encodeSnapshot } from '../../../src/http/stats/snapshot-codec.js';
import { closedAfterEach } from '../../support/closing.js';
import { RedisCluster } from '../../support/redis/cluster.js';
import { RedisServer, until } from '../../support/redis/server.js';
import { shareServer } from '../../support/redis/shared-server.js';

const ROOT = join(__dirname, '../../..');

interface Stats {
  readonly instances: number;
  readonly instances_known: number | null;
  readonly partial: boolean;
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
  fleetInterval: Duration = '200ms',
): Promise<{ cache: CacheManager; api: PerformanceApi }> {
  const cache = new CacheManager({ redisUrl: server.url, ...options });
  closing.push(() => cache.close());
  const api = createPerformanceApi({ cache, fleetInterval });
  closing.push(() => api.close());
  await until('it is there', async () => (await cache.getStats()).degraded === false);
  return { cache, api };
}

async function fleet({ handlers }: PerformanceApi, query = '?scope=fleet'): Promise<Stats> {
  const response = await handlers.stats(new Request(`http://localhost/${query}`));
  return (await response.json()) as Stats;
}

/** Publishes the statistics of `count` other instances, as this one would. */
async function leave(count: number, api: PerformanceApi): Promise<void> {
  const text = encodeSnapshot(await takeSnapshot(api.cache, api.recorder)) ?? '';
  for (let i = 0; i < count; i++) {
    await admin.set(`aurora#stats:other-${i}`, text);
    await admin.zadd('aurora#stats', Date.now(), `other-${i}`);
  }
}

/** Counts the turns of the event loop until the result is called. */
function countTurns(): () => number {
  let turns = 0;
  const turn = (): void => {
    turns++;
    handle = setImmediate(turn);
  };
  let handle = setImmediate(turn);
  return () => {
    clearImmediate(handle);
    return turns;
  };
}

/** How often Redis ran a command since the last `CONFIG RESETSTAT`. */
async function calls(command: string): Promise<number> {
  const [, found = '0'] =
    new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await admin.info('commandstats')) ?? [];
  return Number(found);
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

    // A count of the keys is kept for five seconds: the first may precede the first entry.
    await until('it hears of the other, and both count the entry', async () => {
      const { cache: sum } = await fleet(api);
      return sum.hits === 109 && sum.total_keys === 1;
    });
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

  it('forgets an instance that says good-bye, and nothing stays behind', async () => {
    const [one, two] = [await instance(), await instance()];
    await until('they know each other', async () => (await fleet(one.api)).instances === 2);
    await two.api.close();
    expect(await admin.keys('aurora#stats:*')).toHaveLength(1);
    await until('it is forgotten', async () => (await fleet(one.api)).instances === 1);
    await one.api.close();
    expect(await admin.keys('aurora#stats*')).toEqual([]);
  });

  it('adds up no more than 200 instances, and nothing that is no snapshot', async () => {
    const { api } = await instance();
    const text = encodeSnapshot(await takeSnapshot(api.cache, api.recorder)) ?? '';
    for (let i = 0; i < 2000; i++) {
      await admin.set(`aurora#stats:other-${i}`, i % 2 === 0 ? text : 'rubbish');
      await admin.zadd('aurora#stats', Date.now() + 1000, `other-${i}`);
    }
    const { instances } = await fleet(api);
    expect(instances).toBeGreaterThan(50);
    expect(instances).toBeLessThanOrEqual(101);
    await until('the index is short again', async () => (await admin.zcard('aurora#stats')) <= 200);
  });

  it('reads and adds up once per interval, for any number of requests', async () => {
    const { api } = await instance({}, '1h');
    await leave(20, api);
    await admin.config('RESETSTAT');
    const turns = countTurns();
    const asked = Array.from({ length: 50 }, (_, i) => fleet(api, `?scope=fleet&call=${i}`));
    const answers = await Promise.all([...asked, fleet(api)]);
    const later = await fleet(api);
    for (const answer of answers) expect(answer).toEqual(later);
    expect(later).toMatchObject({ instances: 21, instances_known: 21, partial: false });
    // One command for the list, and one for ten instances.
    expect(await calls('zrevrange')).toBe(1);
    expect(await calls('mget')).toBe(2);
    // Other work goes on in between.
    expect(turns()).toBeGreaterThanOrEqual(20);
  });

  it('says that instances are missing', async () => {
    const { api } = await instance({}, '1h');
    await leave(12, api);
    await admin.set('aurora#stats:other-3', '{"v":999}');
    // It has died, and is not missed.
    await admin.del('aurora#stats:other-4');
    expect(await fleet(api)).toMatchObject({
      ...{ instances: 11, instances_known: 12, partial: true },
    });
  });

  it('says so when Redis does not answer in time', async () => {
    const { api } = await instance({ storeTimeout: '100ms' }, '1h');
    await leave(2, api);
    await admin.call('CLIENT', 'PAUSE', '1000', 'ALL');
    const answer = await fleet(api);
    expect(answer).toMatchObject({ instances: 1, instances_known: null, partial: true });
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
    await until('it is forgotten', async () => (await fleet(both[0]!.api)).instances === 1);
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
