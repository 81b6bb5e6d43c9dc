import type { CacheOptions } from 'aurora-cache';
import { Redis } from 'ioredis';

import { RedisServer, stopServers, until } from '../../support/redis/server.js';
import { Watched } from '../../support/redis/watched.js';

let server: RedisServer;
let admin: Redis;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  server = await RedisServer.start();
  admin = new Redis(server.url);
  admin.on('error', () => undefined);
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  admin.disconnect();
  await server.stop();
});

afterAll(async () => {
  await stopServers();
});

async function open(options: CacheOptions = {}): Promise<Watched> {
  const one = new Watched({ redisUrl: server.url, ...options });
  closing.push(() => one.cache.close());
  return await one.untilWell();
}

it('counts the keys of the namespace in Redis, by one SCAN for all processes', async () => {
  const one = await open();
  const names = Array.from({ length: 3000 }, (_, i) => [`aurora:key:${i}`, 'text']);
  await admin.mset(...names.flat());
  await admin.mset('aurora2:key', 'x', 'xaurora:key', 'x', 'other', 'x', '{aurora:a}:lease', 'x');
  await admin.hset('aurora#tags', 'clock', '1');
  // The first count is reused for a few seconds.
  await admin.del('aurora#count');
  await admin.config('RESETSTAT');
  const start = performance.now();
  const others = Array.from({ length: 5 }, () => new Watched({ redisUrl: server.url }).cache);
  closing.push(() => Promise.all(others.map((cache) => cache.close())));
  await until('every process has the count of one', async () => {
    const stats = await Promise.all(others.map((cache) => cache.getStats()));
    return stats.every(({ totalKeys }) => totalKeys === 3000);
  });
  const statistics = await admin.info('commandstats');
  expect(statistics).not.toMatch(/cmdstat_(?:keys|dbsize|flush\w+):/);
  const scans = Number(/cmdstat_scan:calls=(\d+)/.exec(statistics)?.[1]);
  expect(scans).toBeGreaterThan(3);
  // One pass takes eight or so, and is repeated after five seconds.
  const passes = 1 + Math.floor((performance.now() - start) / 5000);
  expect(scans).toBeLessThan(16 * passes);
  expect((await one.cache.getStats()).memoryKeys).toBe(0);
});

it('counts leases and messages', async () => {
  const [one, two] = [await open(), await open()];
  const before = await two.cache.getStats();
  let finish: (value: string) => void = () => undefined;
  const loading = one.cache.getOrSet(
    'key',
    () => new Promise<string>((resolve) => (finish = resolve)),
  );
  await until('it has the lease', async () => (await admin.exists('{aurora:key}:lease')) === 1);
  const waiting = two.cache.getOrSet('key', () => 'loaded here');
  await until('the other waits', async () => (await two.cache.getStats()).leasesDenied === 1);
  expect((await two.cache.getStats()).inFlight).toBe(1);
  finish('shared');
  expect(await Promise.all([loading, waiting])).toEqual(['shared', 'shared']);
  await one.cache.set('other', 1);
  await one.cache.delete('other');
  await one.cache.invalidateTags('tag');
  await one.cache.clear('a:*');
  await until('everything is published', async () => {
    const { invalidationsReceived } = await two.cache.getStats();
    return invalidationsReceived >= before.invalidationsReceived + 5;
  });
  expect(await one.cache.getStats()).toMatchObject({
    ...{ type: 'redis', coordinated: true, listening: true, degraded: false, breaker: 'closed' },
    ...{ loads: 1, leasesGranted: 1, leasesDenied: 0, inFlight: 0, sets: 1, deletes: 1, errors: 0 },
    // A fill, a set, a deletion, a tag and a pattern.
    invalidationsSent: 5,
  });
  expect(await two.cache.getStats()).toMatchObject({
    ...{ loads: 0, sharedHits: 1, inFlight: 0, invalidationsSent: 0 },
  });
});

it('says during an outage what waits, and goes by memory', async () => {
  const one = await open();
  const two = await open({ memory: false });
  for (let i = 0; i < 10; i++) await one.cache.set(`key:${i}`, i);
  await server.kill();
  await until('it notices', async () => (await one.cache.getStats()).degraded);
  await one.cache.set('key:0', 'new');
  await one.cache.set('key:0', 'newer');
  await one.cache.delete('key:1');
  await one.cache.invalidateTags('a', 'b');
  await one.cache.clear('x:*');
  for (let i = 0; i < 10; i++) {
    await one.cache.get(`cold:${i}`);
    await two.cache.get(`cold:${i}`);
  }
  await until('its bus is gone', async () => !(await one.cache.getStats()).listening);
  const stats = await one.cache.getStats();
  expect(stats).toMatchObject({
    ...{ type: 'redis', degraded: true, listening: false, pendingInvalidations: 5 },
    breaker: expect.stringMatching(/^(?:open|half-open)$/) as string,
    totalKeys: stats.memoryKeys,
  });
  expect(stats.memoryKeys).toBeGreaterThan(0);
  expect(await two.cache.getStats()).toMatchObject({ degraded: true, totalKeys: 0 });
  expect(stats.errors).toBe(one.errors.length);
  await server.up();
  await one.untilWell();
  expect(await one.cache.getStats()).toMatchObject({
    ...{ degraded: false, breaker: 'closed', pendingInvalidations: 0, listening: true },
  });
  expect(one.states).toEqual(['degraded', 'recovered']);
});
