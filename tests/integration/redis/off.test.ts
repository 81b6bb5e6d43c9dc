import { spawn } from 'node:child_process';
import { join } from 'node:path';

import {
  CacheEvict,
  CacheManager,
  CachePut,
  Cached,
  cached,
  type CacheOptions,
} from 'aurora-cache';
import { Redis } from 'ioredis';

import { closedAfterEach } from '../../support/closing.js';
import { Proxy } from '../../support/redis/proxy.js';
import { type RedisServer, until } from '../../support/redis/server.js';
import { shareServer } from '../../support/redis/shared-server.js';

let server: RedisServer;
let admin: Redis;
shareServer((shared) => ({ server, admin } = shared));
const closing = closedAfterEach();

function make(options: CacheOptions = {}): CacheManager {
  const cache = new CacheManager({ redisUrl: server.url, ...options });
  closing.push(() => cache.close());
  return cache;
}

/** Connections to the server besides the test's own. */
async function connections(): Promise<number> {
  const list = (await admin.client('LIST')) as string;
  return list.trim().split('\n').length - 1;
}

/** Another instance with a memory tier, which hears of what is invalidated. */
async function listening(): Promise<CacheManager> {
  const other = make();
  await other.get('anything');
  await until('it listens', async () => (await other.getStats()).listening);
  return other;
}

async function gone(cache: CacheManager, key: string): Promise<void> {
  await until(`${key} is gone`, async () => (await cache.get(key)) === undefined);
}

function gate<T = void>(): { opened: Promise<T>; open: (value: T) => void } {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => (open = resolve));
  return { opened, open };
}

const TAGS = Array.from({ length: 300 }, (_, i) => `tag:${String(i)}`);

describe.each(['disabled', 'closed'] as const)('A cache that is %s', (kind) => {
  async function makeOff(options: CacheOptions = {}): Promise<CacheManager> {
    const cache = make({ ...options, enabled: kind !== 'disabled' });
    if (kind === 'closed') await cache.close();
    return cache;
  }

  it('invalidates what the others hold, in Redis and in their memory', async () => {
    const other = await listening();
    const off = await makeOff();
    const ways: Record<string, () => Promise<unknown>> = {
      delete: () => off.delete('page:1'),
      set: () => off.set('page:1', 'newer'),
      clear: () => off.clear('page:*'),
      tag: () => off.invalidateTags('tag:1'),
      'many tags': () => off.invalidateTags(...TAGS),
    };
    for (const way of Object.values(ways)) {
      await other.set('page:1', 'old', { tags: ['tag:1', 'tag:299'] });
      await way();
      await gone(other, 'page:1');
    }
  });

  it('connects when it has to, and holds no subscription', async () => {
    const off = await makeOff();
    await off.getOrSet('key', () => 1);
    expect(await off.get('key')).toBeUndefined();
    await until('nothing is connected', async () => (await connections()) === 0);
    await off.delete('key');
    const held = kind === 'closed' ? 0 : 1;
    await until('it is connected as it should', async () => (await connections()) === held);
    await off.close();
    await until('nothing is connected', async () => (await connections()) === 0);
  });

  it('uses a client of the caller’s, and leaves no listener on it', async () => {
    const client = new Redis(server.url);
    await until('it is there', async () => client.status === 'ready');
    const before = client.eventNames().map((name) => [name, client.listenerCount(name)]);
    const off = await makeOff({ redisUrl: undefined, redis: client });
    await admin.set('aurora:key', 'old');
    expect(await off.delete('key')).toBe(true);
    await off.close();
    const counts = client.eventNames().map((name) => [name, client.listenerCount(name)]);
    expect(counts).toEqual(before);
    client.disconnect();
  });

  it('rejects where Redis is away', async () => {
    const proxy = await Proxy.start(server.port);
    const off = await makeOff({ redisUrl: proxy.url });
    await proxy.stop();
    await expect(off.delete('key')).rejects.toMatchObject({ code: 'ERR_STORE' });
  });
});

describe('close', () => {
  it('does not lose a clear that is under way', async () => {
    const cache = make();
    await cache.get('anything');
    const fill = 'for i = 1, 30000 do redis.call("SET", "aurora:p:" .. i, "x") end';
    await admin.eval(fill, 0);
    void cache.clear('p:*');
    await cache.close();
    expect(await admin.keys('aurora:*')).toEqual([]);
  });

  it('does not lose what a method evicts that is under way', async () => {
    const other = await listening();
    const cache = make();
    const { opened, open: finish } = gate();
    class Users {
      @Cached({ cache, keyPrefix: 'user' })
      async getUser(id: number): Promise<string> {
        return await Promise.resolve(`user ${String(id)}`);
      }
      @CacheEvict({ cache, pattern: 'user:1:*' })
      async update(): Promise<void> {
        await opened;
      }
      @CachePut({ cache, method: 'getUser' })
      async put(_id: number): Promise<string> {
        await opened;
        return 'newer';
      }
    }
    const users = new Users();
    expect([await users.getUser(1), await users.getUser(2)]).toEqual(['user 1', 'user 2']);
    let keys: string[] = [];
    await until('both are stored', async () => {
      keys = (await admin.keys('aurora:user:*')).map((key) => key.slice('aurora:'.length));
      return keys.length === 2;
    });
    for (const key of keys) expect(await other.get(key)).toMatch(/^user/);
    const calls = [users.update(), users.put(2)];
    await cache.close();
    finish();
    await Promise.all(calls);
    for (const key of keys) await gone(other, key);
  });

  it.each(['a load', 'a put', 'a refresh'])('releases the lease of %s', async (what) => {
    const cache = make({ lease: '60s' });
    const { opened, open: finish } = gate();
    const begun = gate();
    const work = async (): Promise<string> => {
      begun.open();
      await opened;
      return 'first';
    };
    class Users {
      @Cached({ cache, keyPrefix: 'user' })
      getUser(_id: number): Promise<string> {
        return work();
      }
      @CachePut({ cache, method: 'getUser' })
      put(_id: number): Promise<string> {
        return work();
      }
    }
    const users = new Users();
    const find = cached(work, { cache, name: 'find-user' });
    const call =
      what === 'a load' ? users.getUser(1) : what === 'a put' ? users.put(1) : find.refresh();
    await begun.opened;
    expect(await admin.keys('*:lease')).toHaveLength(1);
    await cache.close();
    expect(await admin.keys('*:lease')).toEqual([]);
    finish();
    expect(await call).toBe('first');
  });

  it('lets a caller elsewhere that waits for its lease load at once', async () => {
    const [cache, other] = [make({ lease: '60s' }), make({ lease: '60s' })];
    const { opened, open: finish } = gate<string>();
    const first = cache.getOrSet('key', () => opened);
    await until('it holds the lease', async () => (await admin.keys('*:lease')).length === 1);
    const second = other.getOrSet('key', () => 'second');
    await until('it waits', async () => (await other.getStats()).leasesDenied === 1);
    await cache.close();
    expect(await second).toBe('second');
    finish('first');
    expect(await first).toBe('first');
    expect(await other.get('key')).toBe('second');
  });
});

describe('refresh', () => {
  it('settles when Redis has acknowledged its fill', async () => {
    const proxy = await Proxy.start(server.port);
    const cache = make({ redisUrl: proxy.url });
    const reader = make({ memory: false });
    let version = 0;
    const find = cached(() => Promise.resolve(++version), { cache, name: 'find-version' });
    await find();
    // Otherwise its commands would arrive before the reader's, acknowledged or not.
    proxy.delay(10);
    for (let i = 0; i < 20; i++) {
      const refreshed = await find.refresh();
      expect(await reader.get(find.keyFor())).toBe(refreshed);
    }
    await cache.close();
    await proxy.stop();
  });

  it.each<[string, (proxy: Proxy) => Promise<void>]>([
    ['is cut', async (proxy) => Promise.resolve(proxy.drop())],
    ['hangs', async (proxy) => Promise.resolve(proxy.pause())],
  ])('is not lost when the connection %s while it loads', async (_, strike) => {
    const proxy = await Proxy.start(server.port);
    const cache = make({ redisUrl: proxy.url, breaker: { failures: 1, probeAfter: '100ms' } });
    const reader = make({ memory: false });
    let version = 1;
    let before: () => Promise<void> = () => Promise.resolve();
    const load = async (): Promise<number> => {
      await before();
      return version;
    };
    const find = cached(load, { cache, name: 'find-version' });
    expect(await find()).toBe(1);
    await until('it is stored', async () => (await reader.get(find.keyFor())) === 1);
    version = 2;
    before = () => strike(proxy);
    expect(await find.refresh()).toBe(2);
    proxy.drop();
    proxy.resume();
    await until('the old one is gone', async () => (await reader.get(find.keyFor())) !== 1);
    await cache.close();
    await proxy.stop();
  });

  it('removes the entry when its result is not to be stored', async () => {
    const cache = make();
    const reader = make({ memory: false });
    let version = 1;
    const unless = (result: number): boolean => result > 1;
    const find = cached(() => Promise.resolve(version), { cache, name: 'find-version', unless });
    await find();
    await until('it is stored', async () => (await reader.get(find.keyFor())) === 1);
    version = 2;
    await find.refresh();
    expect(await reader.get(find.keyFor())).toBeUndefined();
  });
});

describe('A process that ends', () => {
  it.each<[string, string]>([
    ['closes a cache whose clear is under way', `void cache.clear('p:*'); await cache.close();`],
    ['evicts after close', `await cache.close(); await cache.delete('p:1');`],
    [
      'evicts after close, and awaits nothing',
      `await cache[Symbol.asyncDispose](); setTimeout(() => void cache.delete('p:1'), 50);`,
    ],
    [
      'is disabled',
      `const off = new CacheManager({ redisUrl, namespace, enabled: false }); off.clear('p:*');`,
    ],
  ])('%s', async (_, text) => {
    await admin.set('aurora:p:1', 'old');
    const script = `
      import { CacheManager } from 'aurora-cache';
      const redisUrl = '${server.url}';
      const namespace = 'aurora';
      const cache = new CacheManager({ redisUrl, namespace });
      await cache.get('anything');
      ${text}`;
    expect(await runScript(script)).toEqual({ code: 0, stderr: '' });
    expect(await admin.exists('aurora:p:1')).toBe(0);
  });
});

/** A module that keeps nothing but its cache. */
async function runScript(text: string): Promise<{ code: number | null; stderr: string }> {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', text];
  const child = spawn(process.execPath, args, { cwd: join(__dirname, '../../..') });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  return { code, stderr };
}
