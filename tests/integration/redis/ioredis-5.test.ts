import type { CacheManager } from 'aurora-cache';

import { RedisServer, stopServers, until } from '../../support/redis/server.js';

/*
 * Caches that make their client themselves, by the oldest version of ioredis that the package supports.
 * The other tests use the latest.
 */

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(stopServers);

/** A cache whose package finds ioredis 5 in place of the latest. */
async function openCache(options: object): Promise<CacheManager> {
  let cache: CacheManager | undefined;
  await jest.isolateModulesAsync(async () => {
    const old = jest.fn(() => jest.requireActual<object>('ioredis-5'));
    jest.doMock('ioredis', old);
    const { CacheManager } = await import('aurora-cache');
    cache = new CacheManager({ namespace: 'old', ...options });
    const opened = cache;
    closing.push(() => opened.close());
    // It loads the client late.
    await until('Redis is there', async () => {
      const { degraded, listening } = await opened.getStats();
      return !degraded && listening;
    });
    expect(old).toHaveBeenCalled();
    jest.dontMock('ioredis');
  });
  return cache as CacheManager;
}

async function expectService(one: CacheManager, two: CacheManager): Promise<void> {
  const load = jest.fn(() => ({ at: new Date(0), rows: [{ id: 1n }] }));
  const loaded = await one.getOrSet('loaded', load, { tags: ['tag'] });
  await until('it is shared', () => two.has('loaded'));
  expect(await two.getOrSet('loaded', load)).toEqual(loaded);
  expect(load).toHaveBeenCalledTimes(1);

  await one.setMany(Array.from({ length: 100 }, (_, i) => ({ key: `many:${i}`, value: i })));
  expect(await two.getMany(['many:0', 'many:99'])).toEqual(
    new Map([
      ['many:0', 0],
      ['many:99', 99],
    ]),
  );
  await one.set('many:0', 'new');
  await until('the message arrives', async () => (await two.get('many:0')) === 'new');
  await one.invalidateTags('tag');
  await until('the tag is invalidated', async () => (await two.get('loaded')) === undefined);
  expect(await one.clear('many:*')).toBe(100);
  await until('all are gone', async () => (await two.get('many:99')) === undefined);
}

it('a server, which is killed and comes back', async () => {
  const server = await RedisServer.start();
  const [one, two] = [
    await openCache({ redisUrl: server.url }),
    await openCache({ redisUrl: server.url }),
  ];
  await expectService(one, two);
  await server.kill();
  expect(await one.getOrSet('during', () => 'alone')).toBe('alone');
  await server.up();
  for (const cache of [one, two]) {
    await until('it is used again', async () => {
      const { degraded, listening, pendingInvalidations } = await cache.getStats();
      return !degraded && listening && pendingInvalidations === 0;
    });
  }
  await expectService(one, two);
});
