import { inspect } from 'node:util';

import { CacheManager, type CacheOptions } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { createClient } from '@keyv/redis';
import { Redis } from 'ioredis';

import { closedAfterEach } from '../../support/closing.js';
import { type RedisServer, until } from '../../support/redis/server.js';
import { shareServer } from '../../support/redis/shared-server.js';
import { Watched } from '../../support/redis/watched.js';

let server: RedisServer;
let admin: Redis;
shareServer((shared) => ({ server, admin } = shared));
const closing = closedAfterEach();

beforeAll(async () => {
  await admin.call(
    ...(['ACL', 'SETUSER', 'narrow', 'on', '>s3cret', '~*', '&*', '+@all', '-select'] as const),
  );
});

const SECRET = 's3cret';

function refusalOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CONFIGURATION' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(SECRET);
    return (error as Error).message;
  }
  throw new Error('It was accepted.');
}

class Settings {
  readonly address = { hostname: 'redis.example' };
}

const at = `redis://user:${SECRET}@host:6379`;

describe('A URL that would lead elsewhere is refused:', () => {
  it.each<[string, string, RegExp]>([
    ['a word as database', `${at}/abc`, /path of the URL, db must be .* got 'abc'/],
    ['a fraction', `${at}/1.5`, /db must be .* got '1.5'/],
    ['a number and more', `${at}/1/keys`, /db must be/],
    ['a negative number', `${at}/-1`, /db must be/],
    [
      'a slash in the password',
      `redis://user:12/${SECRET}@host`,
      /db must be .* got '\*\*\*@host'/,
    ],
    ['a database by name in the query', `${at}?db=abc`, /db must be .* got 'abc'/],
    ['a fraction in the query', `${at}?db=1.5`, /db must be/],
    ['an empty database in the query', `${at}?db=`, /db must be/],
    ['another spelling', `${at}?database=1`, /no option 'database'. Did you mean 'db'/],
    ['a misspelling', `${at}?comandTimeout=5`, /Did you mean 'commandTimeout'/],
    ['a time-out in words', `${at}?commandTimeout=long`, /commandTimeout must be a number/],
    ['a prefix', `${at}?keyPrefix=x:`, /keyPrefix cannot be used/],
    ['a raw %', `redis://user:${SECRET}%@host`, /'%' must be written %25/],
    ['a raw % in the user', `redis://us%er:${SECRET}@host`, /'%' must be written %25/],
    ['a leading blank', ` ${at}`, /must not contain blanks/],
    ['a line break at the end', `${at}\n`, /must not contain blanks/],
    ['a # in the password', `redis://user:12#${SECRET}@host`, /'#' must be written %23/],
    ['a ? in the password', `redis://user:12?${SECRET}@host`, /'\?' must be written %3F/],
    ['no host', 'redis:///1', /must name a host/],
  ])('%s', (_, redisUrl, message) => {
    expect(refusalOf(() => new CacheManager({ redisUrl }))).toMatch(message);
    expect(refusalOf(() => new RedisStore(redisUrl))).toMatch(message);
  });

  it('and what it can say is understood', async () => {
    const url = `${server.url.replace('redis:', 'REDIS:')}/3?commandTimeout=700&lazyConnect=true&ssl_cert_reqs=none`;
    const store = new RedisStore(url);
    closing.push(() => store.disconnect());
    await store.set('key', 'value', 60_000);
    await admin.select(3);
    const there = await admin.get('key');
    await admin.select(0);
    expect(there).toBe('value');
    const coded = new RedisStore(`redis://narrow:%73%33cret@127.0.0.1:${server.port}`);
    closing.push(() => coded.disconnect());
    await coded.set('key', 'value', 60_000);
    expect(await admin.get('key')).toBe('value');
  });
});

describe('a target that is not a Redis is refused:', () => {
  it.each<[string, object, RegExp]>([
    ['a misspelt name', { hots: 'x' }, /no option '\w+\.hots'. Did you mean 'host'/],
    ['a misspelt name beside others', { hots: 'x', port: 1 }, /Did you mean 'host'/],
    ['foreign names', { socket: { host: 'x' }, password: SECRET }, /no option '\w+\.socket'/],
    ['a URL as an option', { url: `redis://:${SECRET}@h` }, /Did you mean 'redisUrl'/],
    ['names that say nothing', { colour: 'blue' }, /no option '\w+\.colour'. Known are host, port/],
    ['a client of node-redis', createClient(), /must be a plain object .* @keyv\/redis/],
    ['an instance of a class', new Settings(), /must be a plain object/],
    ['a Map', new Map([['host', 'x']]), /must be a plain object/],
    ['an array', [{ host: 'x' }], /must be a plain object/],
    ['an instance of URL', new URL(at), /must be a plain object/],
    ['a database that is not a number', { db: NaN }, /db must be .* got NaN/],
    ['a fraction', { db: 1.5 }, /db must be .* got 1.5/],
    ['a word', { db: 'main' }, /db must be .* got 'main'/],
    ['a negative database', { db: -1 }, /db must be/],
    ['a port that is none', { port: 70_000 }, /port must be .* got 70000/],
    ['a port in words', { port: 'abc' }, /port must be/],
    ['a URL as host', { host: `redis://:${SECRET}@h` }, /host must be .* redisUrl/],
    ['an empty host', { host: '' }, /host must be/],
    ['a host that was not set', { host: String(undefined) }, /host must be/],
    ['no sentinels', { sentinels: [], name: 'x' }, /sentinels must be a list/],
    ['sentinels in words', { sentinels: ['host:26379'], name: 'x' }, /sentinels must be a list/],
    ['sentinels without a name', { sentinels: [{ host: 'h' }] }, /name must be/],
    ['a password that is none', { password: { text: SECRET } }, /password must be a string\./],
    ['a password in digits', { password: 53_003 }, /\w\.password must be a string\.$/],
    ['a time-out in words', { commandTimeout: 'long' }, /\w\.commandTimeout must be a number; got/],
    [
      "a caller's client with half a database",
      new Redis({ db: 1.5, lazyConnect: true }),
      /db must be .* got 1.5/,
    ],
  ])('%s', (_, target, message) => {
    const redis = target as NonNullable<CacheOptions['redis']>;
    expect(refusalOf(() => new CacheManager({ redis }))).toMatch(message);
    expect(refusalOf(() => new RedisStore(redis as object))).toMatch(message);
  });

  it('while options of a later ioredis, and digits from the environment, pass', async () => {
    const redis = { host: '127.0.0.1', port: String(server.port), db: '2', turboEncabulator: true };
    const { cache } = await new Watched({ redis: redis as object }).untilWell();
    closing.push(() => cache.close());
    await cache.set('key', 1);
    expect(await admin.info('keyspace')).toMatch(/db2:keys/);
  });
});

describe('A user who may not choose the database', () => {
  const options = (): object => ({
    ...{ host: '127.0.0.1', port: server.port, db: 5 },
    ...{ username: 'narrow', password: SECRET },
  });

  async function expectNothingStored({ cache, errors }: Watched, message: RegExp): Promise<void> {
    closing.push(() => cache.close());
    await cache.set('first', 1);
    await until('it is reported', async () => errors.some((text) => message.test(text)));
    for (let i = 0; i < 10; i++) {
      expect(await cache.getOrSet(`key ${i}`, () => i)).toBe(i);
      await cache.set(`set ${i}`, i);
    }
    expect(errors.filter((text) => message.test(text))).toHaveLength(1);
    expect(await admin.info('keyspace')).not.toMatch(/db\d/);
    expect(await cache.getStats()).toMatchObject({ degraded: true });
  }

  it('stores nothing in another one, and is reported once', async () => {
    await expectNothingStored(new Watched({ redis: options() }), /^Redis: NOPERM .*select/);
  });

  it("by a client of the caller's that was connected before", async () => {
    const client = new Redis(options());
    closing.push(() => {
      client.disconnect();
    });
    client.on('error', () => undefined);
    await new Promise((resolve) => client.once('ready', resolve));
    await expectNothingStored(new Watched({ redis: client }), /uses database 0 instead of 5/);
  });
});
