import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { CacheManager } from 'aurora-cache';
import { Redis } from 'ioredis';

import { readCompose, SECRETS } from '../../support/compose.js';
import { RedisServer, stopServers, until } from '../../support/redis/server.js';

const { command = [], environment = {}, healthcheck } = readCompose().services['redis'] ?? {};
const [program, ...settings] = command;
const password = SECRETS['REDIS_PASSWORD'] ?? '';

afterAll(stopServers);

/** A server with the settings of `compose.yaml`, and some of the test's own after them. */
async function start(...more: string[]): Promise<{ server: RedisServer; url: string }> {
  const server = await RedisServer.start([...settings, ...more], { client: { password } });
  return { server, url: server.url.replace('//', `//:${password}@`) };
}

describe('Redis, as compose.yaml starts it', () => {
  it('has the settings', async () => {
    expect(program).toBe('redis-server');
    const admin = new Redis((await start()).url);
    const wanted = {
      ...{ appendonly: 'yes', appendfsync: 'everysec', save: '' },
      ...{ maxmemory: String(256 * 1024 * 1024), 'maxmemory-policy': 'volatile-lru' },
      ...{ 'maxmemory-clients': '10%', 'tcp-keepalive': '60' },
      ...{ 'lazyfree-lazy-eviction': 'yes', 'lazyfree-lazy-expire': 'yes' },
    };
    const config = await Promise.all(
      Object.keys(wanted).map(async (name) => await admin.config('GET', name)),
    );
    expect(Object.fromEntries(config)).toEqual(wanted);
    admin.disconnect();
  });

  it('is healthy when it replies, and not while it refuses or is down', async () => {
    const { server } = await start();
    const [kind, client = '', ...words] = healthcheck?.test ?? [];
    expect([kind, client]).toEqual(['CMD', 'redis-cli']);
    const isHealthy = async (env: Readonly<Record<string, string>>): Promise<boolean> => {
      const there = ['-p', String(server.port), ...words];
      return await promisify(execFile)(client, there, {
        env: { PATH: process.env['PATH'], ...env },
      }).then(
        () => true,
        () => false,
      );
    };
    expect(await isHealthy(environment)).toBe(true);
    expect(await isHealthy({})).toBe(false);
    await server.kill();
    expect(await isHealthy(environment)).toBe(false);
  });

  it('is warm after a restart, and has not forgotten what was invalidated', async () => {
    const { server, url } = await start();
    const before = new CacheManager({ redisUrl: url, memory: false, storeTimeout: '5s' });
    await before.set('kept', 'value', { ttl: '1h' });
    await before.set('tagged', 'old', { ttl: '1h', tags: ['tag'] });
    await before.invalidateTags('tag');
    await before.close();
    const admin = new Redis(url);
    // A write waits while the one before it is being synced.
    await until('the log is on the disk', async () => {
      const info = await admin.info('persistence');
      return /aof_pending_bio_fsync:0/.test(info) && /aof_buffer_length:0/.test(info);
    });
    admin.disconnect();
    await server.kill();
    await server.up();
    const after = new CacheManager({ redisUrl: url, memory: false, storeTimeout: '5s' });
    expect(await after.get('kept')).toBe('value');
    expect(await after.get('tagged')).toBeUndefined();
    await after.close();
  });

  describe('when it is full', () => {
    const COUNT = 1000;
    let admin: Redis;
    let cache: CacheManager;

    beforeEach(async () => {
      const { url } = await start('--maxmemory', '6mb');
      admin = new Redis(url);
      cache = new CacheManager({ redisUrl: url, memory: false, storeTimeout: '5s', lease: '30s' });
    });
    afterEach(async () => {
      await cache.close();
      admin.disconnect();
    });

    const fill = async (prefix: string, count: number): Promise<void> => {
      const value = 'x'.repeat(5000);
      for (let i = 0; i < count; i++) await cache.set(`${prefix}:${String(i)}`, value);
    };
    const evicted = async (): Promise<number> =>
      Number(/evicted_keys:(\d+)/.exec(await admin.info('stats'))?.[1]);

    it('forgets values, and never which tags were invalidated', async () => {
      await cache.set('tagged', 'old', { tags: ['tag'] });
      await cache.invalidateTags('tag');
      await fill('key', 2 * COUNT);
      expect(await evicted()).toBeGreaterThan(COUNT);
      expect(await admin.exists('aurora#tags')).toBe(1);
      expect(await cache.get('tagged')).toBeUndefined();
      // Nothing but that hash is without an expiry.
      const keys = await admin.keys('*');
      const lives = await Promise.all(keys.map((key) => admin.pttl(key)));
      expect(keys.filter((_, i) => lives[i] === -1)).toEqual(['aurora#tags']);
      const { errors, degraded } = await cache.getStats();
      expect({ errors, degraded }).toEqual({ errors: 0, degraded: false });
    });

    it('spares the leases of loads under way, whose results are stored', async () => {
      await fill('old', COUNT);
      const idle = async (key: string): Promise<number> =>
        Number(await admin.object('IDLETIME', `aurora:${key}`));
      // Redis measures idle time in whole seconds.
      await until('the values are older', async () => (await idle(`old:${COUNT - 1}`)) >= 2);
      let finish = (): void => undefined;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      let begun = 0;
      const loads = Array.from({ length: 50 }, (_, i) =>
        cache.getOrSet(`load:${i}`, async () => {
          begun++;
          await finished;
          return i;
        }),
      );
      await until('all of them load', () => Promise.resolve(begun === loads.length));
      const before = await evicted();
      await fill('new', COUNT / 4);
      expect((await evicted()) - before).toBeGreaterThan(COUNT / 8);
      finish();
      await Promise.all(loads);
      await until('they are stored', async () => {
        return (await admin.keys('aurora:load:*')).length === loads.length;
      });
      expect((await cache.getStats()).refusedFills).toBe(0);
    });
  });
});
