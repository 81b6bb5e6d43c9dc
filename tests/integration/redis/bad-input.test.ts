import { format, inspect } from 'node:util';

import { cached, CacheManager, configureCache, getCache, type CacheOptions } from 'aurora-cache';
import { createPerformanceApi } from 'aurora-cache/http';
import { RedisStore } from 'aurora-cache/redis';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';

import { defaultHolder } from '../../../src/cache/default-cache.js';
import { CacheProcess, stopProcesses } from '../../support/redis/cache-process.js';
import { freePort, RedisServer, stopServers, until } from '../../support/redis/server.js';
import { Watched } from '../../support/redis/watched.js';

let server: RedisServer;
const environment = { ...process.env };
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
});

afterEach(async () => {
  process.env = { ...environment };
  await defaultHolder.current?.close();
  defaultHolder.current = undefined;
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(async () => {
  stopProcesses();
  await stopServers();
});

function messageOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CONFIGURATION' });
    // Everything that a logger could print.
    const whole = inspect(error, { depth: 10, showHidden: true });
    expect(whole).not.toMatch(/s3cret|s3 cret/);
    return (error as Error).message;
  }
  throw new Error('It was taken.');
}

const SECRET = 's3cret';
const client = { status: 'wait', call: () => undefined, options: {} };

describe('CacheManager refuses', () => {
  it.each<[string, object, RegExp]>([
    ['nonsense', { redisUrl: 'nonsense' }, /redisUrl: the URL cannot be read; got 'nonsense'/],
    ['nothing', { redisUrl: '' }, /redisUrl: the URL cannot be read/],
    ['blanks', { redisUrl: '   ' }, /redisUrl: the URL cannot be read/],
    ['a host', { redisUrl: 'localhost' }, /redisUrl: the URL cannot be read/],
    ['a host and a port', { redisUrl: 'localhost:6379' }, /redisUrl: .* redis:\/\/ or rediss:/],
    ['http', { redisUrl: `http://user:${SECRET}@host` }, /redisUrl: .* got 'http:\/\/…'/],
    [
      'a port that is none',
      { redisUrl: `redis://user:${SECRET}@host:99999` },
      /redisUrl: .* got '\*\*\*@host:99999'/,
    ],
    ['one slash', { redisUrl: `redis//user:${SECRET}@host` }, /redisUrl: .* got '\*\*\*@host'/],
    ['a slash in a password', { redisUrl: `redis://:/${SECRET}@host` }, /got '\*\*\*@host'/],
    ['a blank in a password', { redisUrl: `redis//u:s3 cret@host` }, /got '\*\*\*@host'/],
    ['a quote in a password', { redisUrl: `redis//u:${SECRET}'"<>x@host` }, /got '\*\*\*@host'/],
    ['an @ in a password', { redisUrl: `redis//u:${SECRET}@x@host` }, /got '\*\*\*@host'/],
    ['a break in a password', { redisUrl: `redis//u:${SECRET}\nx@host` }, /got '\*\*\*@host'/],
    ['an object', { redisUrl: { password: SECRET } }, /redisUrl: must be a URL/],
    [
      'an instance of URL',
      { redisUrl: new URL(`redis://u:${SECRET}@h`) },
      /redisUrl: must be a URL/,
    ],
    ['null', { redisUrl: null }, /redisUrl: must be a URL/],
    ['a number', { redisUrl: 6379 }, /redisUrl: must be a URL/],
    [
      'a password in the query',
      { redisUrl: `redis://host/0?username=app&password=${SECRET}#x` },
      /'#' must be written %23.* got 'redis:\/\/host\/0\?…'/,
    ],
    [
      'a URL with one as store',
      { store: `redis://host/0?username=app&password=${SECRET}` },
      /store must be .*password=\*\*\*'/,
    ],
    [
      'an option of another client beside one of ioredis',
      { redis: { uri: `redis://:${SECRET}@host`, lazyConnect: true } },
      /no option 'redis\.uri'.*redisUrl/,
    ],
    [
      'another one',
      { redis: { connectionString: `redis://:${SECRET}@host`, tls: {} } },
      /no option 'redis\.connectionString'/,
    ],
    ['a URL as redis', { redis: `redis://u:${SECRET}@host` }, /redis must be .* into redisUrl/],
    ['null as redis', { redis: null }, /redis must be options for ioredis/],
    [
      'a prefix',
      { redis: { keyPrefix: 'x:', password: SECRET } },
      /redis\.keyPrefix cannot be used/,
    ],
    [
      'a client with one',
      { redis: { ...client, options: { keyPrefix: 'x:', password: SECRET } } },
      /redis\.keyPrefix cannot be used/,
    ],
    [
      'two tiers',
      { redisUrl: `redis://:${SECRET}@host`, store: new Map() },
      /redisUrl and store cannot be used together/,
    ],
    [
      'two others',
      { redisUrl: `redis://:${SECRET}@host`, redis: { password: SECRET } },
      /redisUrl and redis cannot be used together/,
    ],
    [
      'a URL as store',
      { store: `redis://:${SECRET}@host` },
      /store must be a Keyv .*a URL goes into redisUrl.* got '\*\*\*@host'/,
    ],
    [
      'a long password',
      { store: `redis://user:${SECRET.repeat(20)}@host` },
      /store must be .* got '\*\*\*@host'/,
    ],
    [
      'a URL as namespace',
      { namespace: `redis://:${SECRET}@host` },
      /namespace must be .* got '\*\*\*@host'/,
    ],
    ['a bus', { bus: 'carrier pigeons' }, /bus must be 'tracking' or 'pubsub'/],
    ['a misspelling', { redisURL: `redis://:${SECRET}@host` }, /Did you mean 'redisUrl'/],
  ])('%s', (_, options, message) => {
    expect(messageOf(() => new CacheManager(options as CacheOptions))).toMatch(message);
    expect(messageOf(() => configureCache(options as CacheOptions))).toMatch(message);
  });

  it('and RedisStore says the same of URLs and prefixes', () => {
    expect(messageOf(() => new RedisStore(`redis//u:${SECRET}@host`))).toMatch(/\*\*\*@host/);
    expect(
      messageOf(() => new RedisStore({ keyPrefix: 'x:', lazyConnect: true, password: SECRET })),
    ).toMatch(/keyPrefix cannot be used/);
  });
});

describe('A Redis that cannot be had', () => {
  it.each<[string, () => Promise<CacheOptions> | CacheOptions, RegExp]>([
    [
      'the port is closed',
      async () => ({ redisUrl: `redis://u:${SECRET}@127.0.0.1:${await freePort()}` }),
      /^Redis: connect ECONNREFUSED 127\.0\.0\.1:\d+$/,
    ],
    [
      'a host that does not exist',
      () => ({ redisUrl: `redis://u:${SECRET}@host.invalid:6379` }),
      /^Redis: getaddrinfo E\w+ host\.invalid$/,
    ],
    [
      'options instead of a URL',
      async () => ({ redis: { port: await freePort(), password: SECRET } }),
      /^Redis: (?=.*ECONNREFUSED)/,
    ],
    [
      'a database that there is not',
      () => ({ redisUrl: `${server.url}/99` }),
      /^Redis: ERR DB index is out of range/,
    ],
  ])('%s: one clear message, and calls work from memory', async (_, options, message) => {
    const one = new Watched(await options());
    closing.push(() => one.cache.close());
    const load = jest.fn(() => 'value');
    const start = performance.now();
    for (let i = 0; i < 20; i++) expect(await one.cache.getOrSet('key', load)).toBe('value');
    await one.cache.set('other', 1);
    expect(await one.cache.get('other')).toBe(1);
    // Each would wait for half a second, if any did.
    expect(performance.now() - start).toBeLessThan(10_000);
    await until('it is reported', async () => one.errors.some((error) => message.test(error)));
    expect(load).toHaveBeenCalledTimes(1);
    const clear = one.errors.filter((error) => message.test(error));
    expect(new Set(clear).size).toBe(clear.length);
    expect(one.errors.join()).not.toContain(SECRET);
    expect(one.errors.length).toBeLessThan(12);
    if (!String(message).includes('DB index')) {
      expect(await one.cache.getStats()).toMatchObject({ degraded: true, listening: false });
    }
  });
});

describe('From the environment', () => {
  it('REDIS_URL is where the default cache shares its values', async () => {
    process.env['REDIS_URL'] = server.url;
    process.env['AURORA_NAMESPACE'] = 'environment';
    let calls = 0;
    const find = cached((id: number) => Promise.resolve({ id, call: ++calls }), { name: 'find' });
    await find(1);
    expect(await getCache().getStats()).toMatchObject({ type: 'redis', coordinated: true });
    const admin = new Redis(server.url);
    closing.push(() => {
      admin.disconnect();
    });
    const name = `environment:${find.keyFor(1)}`;
    await until('it is shared', async () => (await admin.exists(name)) === 1);
  });

  it('REDIS_URL=: no Redis', async () => {
    process.env['REDIS_URL'] = '';
    expect(await getCache().getStats()).toMatchObject({ type: 'memory' });
  });

  it('AURORA_ENABLED=false: Redis for invalidations only', async () => {
    Object.assign(process.env, { REDIS_URL: server.url, AURORA_ENABLED: 'false' });
    await getCache().getOrSet('off', () => 'loaded');
    const admin = new Redis(server.url);
    expect(await admin.exists('aurora:off')).toBe(0);
    await admin.set('aurora:off', 'older');
    await getCache().delete('off');
    expect(await admin.exists('aurora:off')).toBe(0);
    admin.disconnect();
  });

  it('options of configureCache stand for themselves', async () => {
    process.env['REDIS_URL'] = server.url;
    expect(await configureCache({}).getStats()).toMatchObject({ type: 'memory' });
  });

  it('a REDIS_URL that cannot be read: one warning, and decorated methods work', async () => {
    const one = await CacheProcess.start({ REDIS_URL: `redis//user:${SECRET}@host:port` });
    expect(await one.do('callCached', 7)).toBe(7);
    expect(await one.do('callCached', 8)).toBe(8);
    await until('it is warned', () => Promise.resolve(one.stderr.includes('AURORA_REDIS_URL')));
    expect(one.stderr.match(/AURORA_REDIS_URL/g)).toHaveLength(1);
    expect(one.stderr).toMatch(/REDIS_URL: the URL cannot be read; got '\*\*\*@host:port'/);
    expect(one.stderr).not.toContain(SECRET);
    one.leave();
    expect(await one.ended).toBe(0);
  });
});

it('a database that the server does not have: said once, and nothing goes to another one', async () => {
  const one = new CacheManager({ redisUrl: `${server.url}/99`, namespace: 'misplaced' });
  const errors: string[] = [];
  one.on('error', ({ error }) => errors.push(String(error)));
  await one.set('key', 1);
  await until('it has noticed', async () => (await one.getStats()).degraded);
  await one.set('key', 2);
  await one.getOrSet('other', () => 3);
  expect(await one.get('key')).toBe(2);
  expect(errors.filter((text) => text.includes('DB index is out of range'))).toHaveLength(1);
  const admin = new Redis(server.url);
  expect(await admin.keys('misplaced*')).toEqual([]);
  admin.disconnect();
  await one.close();
});

it('no password is printed with a cache or a store, however deep', async () => {
  const secrets = [
    new CacheManager({ redisUrl: 'redis://user:s3cret@127.0.0.1:1/0' }),
    new CacheManager({ redis: { host: '127.0.0.1', port: 1, password: 's3cret' } }),
    new CacheManager({ store: new RedisStore('redis://user:s3cret@127.0.0.1:1/0') }),
  ];
  for (const cache of secrets) cache.on('error', () => undefined);
  const store = new RedisStore('redis://user:s3cret@127.0.0.1:1/0', { onError: () => undefined });
  const keyv = new Keyv({ store });
  const api = createPerformanceApi({ cache: secrets[0], authorizeRead: 's3cret' });
  await api.handle(new Request('http://localhost/api/performance/stats?scope=fleet'));
  for (const holder of [...secrets, secrets[0]?.namespace('below'), store, keyv, api]) {
    expect(inspect({ holder }, { depth: 20, showHidden: true })).not.toContain('s3cret');
    expect(JSON.stringify({ holder })).not.toContain('s3cret');
    for (const how of ['%j', '%o', '%O', '%s']) expect(format(how, holder)).not.toContain('s3cret');
  }
  await api.close();
  await Promise.all(secrets.map((cache) => cache.close()));
  await store.disconnect();
});
