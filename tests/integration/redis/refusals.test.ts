import type { CacheOptions } from 'aurora-cache';
import { Redis } from 'ioredis';

import { closedAfterEach } from '../../support/closing.js';
import { freePort, RedisServer, until } from '../../support/redis/server.js';
import { shareServer } from '../../support/redis/shared-server.js';
import { Watched } from '../../support/redis/watched.js';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let server: RedisServer;
let admin: Redis;
shareServer((shared) => ({ server, admin } = shared));
const closing = closedAfterEach();

/** Connections that the server has accepted since its start. */
async function accepted(client = admin): Promise<number> {
  return Number(/total_connections_received:(\d+)/.exec(await client.info('stats'))?.[1]);
}

describe.each<[string, CacheOptions]>([
  ['with a memory tier', {}],
  ['without', { memory: false }],
])('%s', (_, tiers) => {
  async function open(options: CacheOptions = {}): Promise<Watched> {
    const one = new Watched({ redisUrl: server.url, ...tiers, ...options });
    closing.push(() => one.cache.close());
    return await one.untilWell();
  }

  it('OOM: the old value is gone everywhere, other calls go on, and it is no outage', async () => {
    const [one, two] = [await open(), await open()];
    for (const key of ['set', 'loaded', 'deleted', 'a:1', 'bystander']) {
      await one.cache.set(key, 'old', { tags: [`tag of ${key}`] });
    }
    expect(await two.cache.get('set')).toBe('old');
    await admin.config('SET', 'maxmemory', '1');
    closing.push(() => admin.config('SET', 'maxmemory', '0'));

    await one.cache.set('set', 'new');
    expect(await admin.exists('aurora:set')).toBe(0);
    await two.untilGets('set', undefined);
    await one.cache.delete('deleted');
    expect(await two.cache.get('deleted')).toBeUndefined();
    await one.cache.invalidateTags('tag of loaded');
    expect(await two.cache.getOrSet('loaded', () => 'new')).toBe('new');
    expect(await one.cache.clear('a:*')).toBe(1);
    expect(await two.cache.get('a:1')).toBeUndefined();
    expect(await two.cache.get('bystander')).toBe('old');
    // Results cannot be shared, but every caller gets one.
    for (let i = 0; i < 20; i++) {
      expect(await two.cache.getOrSet(`cold ${i}`, () => i)).toBe(i);
    }
    for (const { cache, states } of [one, two]) {
      expect(await cache.getStats()).toMatchObject({
        ...{ degraded: false, breaker: 'closed', pendingInvalidations: 0 },
      });
      expect(states).toEqual([]);
    }
    expect(one.errors.length).toBeGreaterThan(0);
    expect(one.errors.length).toBeLessThan(10);

    await admin.config('SET', 'maxmemory', '0');
    await one.cache.set('set', 'newest');
    expect(await two.cache.get('set')).toBe('newest');
  });

  it('READONLY: invalidations are replayed once the server accepts writes', async () => {
    const [one, two] = [await open(), await open()];
    for (const key of ['set', 'deleted', 'tagged', 'pattern:1']) {
      await one.cache.set(key, 'old', { ttl: '1h', tags: key === 'tagged' ? ['tag'] : [] });
      expect(await two.cache.get(key)).toBe('old');
    }
    const before = await accepted();
    await admin.call('REPLICAOF', '127.0.0.1', String(await freePort()));
    closing.push(() => admin.call('REPLICAOF', 'NO', 'ONE'));
    await one.cache.set('set', 'new');
    await one.cache.delete('deleted');
    await one.cache.invalidateTags('tag');
    await one.cache.clear('pattern:*');
    for (let round = 0; round < 50; round++) {
      for (const key of ['set', 'deleted', 'tagged', 'pattern:1']) {
        expect(await one.cache.getOrSet(key, () => 'new')).toBe('new');
      }
      await wait(20);
    }
    const connections = (await accepted()) - before;
    expect((await one.cache.getStats()).pendingInvalidations).toBe(4);
    await admin.call('REPLICAOF', 'NO', 'ONE');
    await one.untilWell();
    await two.untilWell();
    for (const key of ['set', 'deleted', 'tagged', 'pattern:1']) {
      await until('the old value is gone', async () => (await two.cache.get(key)) !== 'old');
      expect([key, await two.cache.getOrSet(key, () => 'new')]).toEqual([key, 'new']);
    }
    expect(connections).toBeLessThan(30);
    expect(one.errors.length).toBeLessThan(20);
  });

  it('NOSCRIPT: the scripts are loaded again', async () => {
    const [one, two] = [await open(), await open()];
    const ops = async (round: string): Promise<void> => {
      await one.cache.set('set', round);
      expect(await two.cache.get('set')).toBe(round);
      expect(await one.cache.getOrSet(`loaded ${round}`, () => round, { tags: ['tag'] })).toBe(
        round,
      );
      await one.cache.invalidateTags('tag');
      await one.cache.delete('set');
      await two.untilGets('set', undefined);
      const load = jest.fn(() => 'new');
      expect(await two.cache.getOrSet(`loaded ${round}`, load)).toBe('new');
      expect(load).toHaveBeenCalledTimes(1);
    };
    await ops('first');
    await admin.script('FLUSH');
    await ops('second');
    await admin.script('FLUSH');
    await Promise.all(Array.from({ length: 200 }, (_, i) => one.cache.set(`many ${i}`, i)));
    expect(await admin.dbsize()).toBeGreaterThanOrEqual(200);
    expect([one.errors, two.errors]).toEqual([[], []]);
  });

  it('a restart: nothing is left of scripts and values, and all goes on', async () => {
    const mortal = await RedisServer.start();
    closing.push(() => mortal.stop());
    const one = await open({ redisUrl: mortal.url });
    await one.cache.set('key', 'old');
    await one.cache.getOrSet('tagged', () => 'old', { tags: ['tag'] });
    await mortal.kill();
    expect(['old', 'alone']).toContain(await one.cache.getOrSet('key', () => 'alone'));
    await mortal.up();
    await one.untilWell();
    await one.cache.set('key', 'new');
    const two = await open({ redisUrl: mortal.url });
    expect(await two.cache.get('key')).toBe('new');
    expect(await one.cache.get('tagged')).toBeUndefined();
    expect(one.errors.length).toBeLessThan(10);
  });

  it('what is not ours under our keys is a miss, and is replaced', async () => {
    const [one, two] = [await open(), await open()];
    await one.cache.set('good', { name: 'x'.repeat(100) });
    const good = await admin.getBuffer('aurora:good');
    if (good === null) throw new Error('It must be there.');
    const foreign: Record<string, () => Promise<unknown>> = {
      list: () => admin.rpush('aurora:list', 'a', 'b'),
      hash: () => admin.hset('aurora:hash', 'a', 'b'),
      set: () => admin.sadd('aurora:set', 'a'),
      zset: () => admin.zadd('aurora:zset', 1, 'a'),
      stream: () => admin.xadd('aurora:stream', '*', 'a', 'b'),
      empty: () => admin.set('aurora:empty', ''),
      bytes: () => admin.set('aurora:bytes', Buffer.from([0xff, 0xfe, 0, 0xc3, 0x28, 0x0a, 0x80])),
      json: () => admin.set('aurora:json', '{"value":1}'),
      truncated: () => admin.set('aurora:truncated', good.subarray(0, good.length - 20)),
      header: () => admin.set('aurora:header', good.subarray(0, 12)),
      flipped: () => admin.set('aurora:flipped', Buffer.from(good.map((byte) => byte ^ 0x55))),
      future: () => admin.set('aurora:future', good.toString().replace(/^A1/, 'A2')),
      codec: () => admin.set('aurora:codec', good.toString().replace('\nj', '\nQ')),
      packed: () => admin.set('aurora:packed', good.toString().replace('\nj', '\nm')),
      zipped: () => admin.set('aurora:zipped', good.toString().replace('\nj', '\nzj')),
      longest: () => admin.set('aurora:longest', good.toString().replace(/\[\d+,/, '[1e999,')),
      proto: () =>
        admin.set('aurora:proto', good.toString().replace('{"name"', '{"__proto__":{"x":1},"n"')),
    };
    for (const write of Object.values(foreign)) await write();
    for (const key of Object.keys(foreign)) {
      if (key === 'proto') continue;
      expect([key, await two.cache.get(key)]).toEqual([key, undefined]);
      expect(await one.cache.getOrSet(key, () => `ours, of ${key}`)).toBe(`ours, of ${key}`);
    }
    expect(await two.cache.get('proto')).not.toHaveProperty('x');
    for (const key of Object.keys(foreign)) {
      if (key === 'proto') continue;
      await until(`${key} is shared`, async () => (await two.cache.get(key)) === `ours, of ${key}`);
    }
    const many = await two.cache.getMany(Object.keys(foreign));
    expect(many.size).toBe(Object.keys(foreign).length);
    for (const { errors, states } of [one, two]) {
      expect(states).toEqual([]);
      expect(errors.length).toBeLessThan(Object.keys(foreign).length);
    }
  });

  it('a foreign value in place of a lease or of the tags delays no caller', async () => {
    const one = await open({ lease: '60s' });
    await admin.set('{aurora:text}:lease', 'theirs');
    await admin.rpush('{aurora:list}:lease', 'theirs');
    await admin.set('aurora#tags', 'theirs');
    const start = performance.now();
    expect(await one.cache.getOrSet('text', () => 1)).toBe(1);
    expect(await one.cache.getOrSet('list', () => 2, { tags: ['tag'] })).toBe(2);
    await one.cache.set('tagged', 3, { tags: ['tag'] });
    expect(await one.cache.get('tagged')).toBe(3);
    await one.cache.invalidateTags('tag');
    expect(await one.cache.get('tagged')).toBeUndefined();
    expect(await one.cache.getOrSet('list', () => 4)).toBe(4);
    // Far below a lease.
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(one.states).toEqual([]);
  });
});

describe('a server that turns us away', () => {
  const ways: Readonly<Record<string, (port: number) => CacheOptions>> = {
    'a wrong password': (port) => ({ redisUrl: `redis://:not-it@127.0.0.1:${port}` }),
    'a wrong user': (port) => ({ redis: { port, username: 'unknown', password: 'not-it' } }),
    'no password': (port) => ({ redisUrl: `redis://127.0.0.1:${port}` }),
  };

  async function turnedAway(options: (port: number) => CacheOptions): Promise<void> {
    const client = { password: 'the-secret' };
    const strict = await RedisServer.start(['--requirepass', client.password], { client });
    const watcher = new Redis({ port: strict.port, ...client });
    const before = await accepted(watcher);
    const one = new Watched(options(strict.port));
    try {
      const load = jest.fn(() => 'value');
      const end = performance.now() + 3000;
      while (performance.now() < end) {
        expect(await one.cache.getOrSet('key', load)).toBe('value');
        await wait(20);
      }
      expect(load).toHaveBeenCalledTimes(1);
      expect((await accepted(watcher)) - before).toBeLessThanOrEqual(3);
      // A machine that was held up for a second while it connected.
      const own = /^Redis: (?:not connected\.|connect ETIMEDOUT)/;
      const reported = one.errors.filter((message) => !own.test(message));
      expect(reported).toEqual([expect.stringMatching(/^Redis: (?:WRONGPASS|NOAUTH) /)]);
      expect(one.errors.length).toBeLessThan(10);
      expect(one.errors.join()).not.toMatch(/not-it|the-secret/);
      expect(await one.cache.getStats()).toMatchObject({ degraded: true, type: 'redis' });
    } finally {
      await one.cache.close();
      watcher.disconnect();
      await strict.stop();
    }
  }

  it('one clear error, no storm of connections, and calls work from memory', async () => {
    await Promise.all(Object.values(ways).map(turnedAway));
  });
});
