import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { CacheProcess, stopProcesses } from '../../support/redis/cache-process.js';
import { freePort, RedisServer, stopServers, until } from '../../support/redis/server.js';

let server: RedisServer;

beforeEach(async () => {
  server = await RedisServer.start();
});

afterEach(async () => {
  await server.stop();
});

afterAll(async () => {
  stopProcesses();
  await stopServers();
});

/** A process that something holds would never end. */
const ENDED_MS = 30_000;
/** `close` waits for store time-outs of half a second each. */
const CLOSED_MS = 15_000;

/** Nothing but what the process opened for itself holds it from here on. */
async function endsByItself(one: CacheProcess): Promise<void> {
  one.leave();
  const late = setTimeout(() => {
    one.kill();
  }, ENDED_MS);
  expect(await one.ended).toBe(0);
  clearTimeout(late);
  expect(one.stderr).toBe('');
}

const KEYS = Array.from({ length: 500 }, (_, i) => `key:${String(i)}`);

interface Situation {
  /** Starts the operations in progress when the cache is closed; their results are awaited later. */
  readonly before: (one: CacheProcess) => Promise<readonly Promise<unknown>[]>;
}

const nothing: readonly Promise<unknown>[] = [];

const situations: Record<string, Situation> = {
  'it has just been opened': { before: () => Promise.resolve(nothing) },
  'calls of all kinds are under way': {
    before: async (one) => {
      await one.do('load', 'it', 'first', 1);
      return [
        one.do('loadAll', 'it', KEYS, 'value'),
        one.do('set', 'it', 'set', 1, { tags: ['tag'] }),
        one.do('delete', 'it', 'deleted'),
        one.do('invalidateTags', 'it', 'tag'),
        one.do('clear', 'it', 'key:*'),
        one.do('stats', 'it'),
      ];
    },
  },
  'many keys are being cleared': {
    before: async (one) => {
      const admin = new Redis(server.url);
      const fill = 'for i = 1, 50000 do redis.call("SET", "own:many:" .. i, "x") end';
      await admin.eval(fill, 0);
      const clearing = one.do('clear', 'it', 'many:*');
      await until('some are gone', async () => (await admin.dbsize()) < 49_000);
      admin.disconnect();
      return [clearing];
    },
  },
  'Redis is away': {
    before: async (one) => {
      await one.do('load', 'it', 'first', 1);
      await server.kill();
      await until('it notices', async () => (await one.do('stats', 'it')).degraded);
      await one.do('delete', 'it', 'first');
      return [one.do('loadAll', 'it', KEYS, 'value'), one.do('clear', 'it', 'key:*')];
    },
  },
  'Redis hangs': {
    before: async (one) => {
      await one.do('load', 'it', 'first', 1);
      server.freeze();
      return [one.do('loadAll', 'it', KEYS, 'value'), one.do('set', 'it', 'set', 1)];
    },
  },
  'Redis hangs, and the breaker is open': {
    before: async (one) => {
      await one.do('load', 'it', 'first', 1);
      server.freeze();
      for (let i = 0; i < 3; i++) await one.do('loadAll', 'it', [`a${i}`, `b${i}`], 'value');
      return nothing;
    },
  },
};

describe('A process ends by itself after close() when', () => {
  it.each(Object.entries(situations))('%s', async (_, { before }) => {
    const one = await CacheProcess.start();
    await one.do('open', 'it', { redisUrl: server.url, namespace: 'own' });
    const underWay = await before(one);
    const start = performance.now();
    await one.do('close');
    const closed = performance.now() - start;
    // They come to an end, and none of them fails.
    await Promise.all(underWay);
    expect(await one.do('rejections')).toEqual([]);
    await endsByItself(one);
    expect(closed).toBeLessThan(CLOSED_MS);
  });
});

it.each([
  ['the port is closed', async () => `redis://127.0.0.1:${String(await freePort())}`],
  ['the host does not exist', () => Promise.resolve('redis://host.invalid:6379')],
])('also when it was never connected: %s', async (_, url) => {
  const one = await CacheProcess.start();
  await one.do('open', 'it', { redisUrl: await url(), namespace: 'own' });
  await one.do('loadAll', 'it', KEYS, 'value');
  await one.do('close');
  await endsByItself(one);
});

describe('A process ends by itself without close()', () => {
  it.each<[string, () => Promise<void>]>([
    ['while Redis is there', () => Promise.resolve()],
    ['while Redis is away', () => server.kill()],
  ])('%s', async (_, before) => {
    const one = await CacheProcess.start();
    await one.do('open', 'it', { redisUrl: server.url, namespace: 'own' });
    await one.do('load', 'it', 'first', 1);
    await until('it listens', async () => (await one.do('stats', 'it')).listening);
    await before();
    await endsByItself(one);
  });

  it('but not while it waits for the load of another process', async () => {
    const redis = new Redis(server.url);
    // The lease of a process that has ended.
    await redis.set('{own:key}:lease', 'another-token', 'PX', 1200);
    const script = `
      import { CacheManager } from 'aurora-cache';
      const cache = new CacheManager({ redisUrl: '${server.url}', namespace: 'own' });
      console.log(await cache.getOrSet('key', () => 'loaded'));`;
    const { stdout, code } = await runScript(script);
    expect({ stdout, code }).toEqual({ stdout: 'loaded\n', code: 0 });
    redis.disconnect();
  });
});

/** A module that keeps nothing but its cache. */
async function runScript(text: string): Promise<{ stdout: string; code: number | null }> {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', text];
  const child = spawn(process.execPath, args, { cwd: join(__dirname, '../../..') });
  let stdout = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  const late = setTimeout(() => child.kill(), ENDED_MS);
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  clearTimeout(late);
  return { stdout, code };
}
