import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { untilNumbered } from '../../support/redis/loads.js';
import { RedisServer, stopServers, until } from '../../support/redis/server.js';
import { Watched } from '../../support/redis/watched.js';

/*
 * A Redis that comes back in a state from before what it has acknowledged: on a real server, whose
 * snapshot is put in the place of the latest one.
 */

let folder: string;
let server: RedisServer;
let admin: Redis;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-rollback-'));
  server = await RedisServer.start(['--dir', folder]);
});

beforeEach(async () => {
  admin = new Redis(server.url, { retryStrategy: () => 25 });
  admin.on('error', () => undefined);
  await admin.flushall();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  admin.disconnect();
});

afterAll(async () => {
  await stopServers();
  rmSync(folder, { recursive: true, force: true });
});

const snapshot = (): string => join(folder, 'dump.rdb');
const kept = (): string => join(folder, 'kept.rdb');

/** A key of no cache, which shows which state the server is in. */
const STATE = 'state';

/** Saves the present state, for {@link crash} to come back to. */
async function save(): Promise<void> {
  await admin.set(STATE, 'saved');
  await admin.save();
  copyFileSync(snapshot(), kept());
  await admin.set(STATE, 'later');
}

/** The server dies, and comes back with the state that was saved. */
async function crash(): Promise<void> {
  await server.kill();
  copyFileSync(kept(), snapshot());
  await server.up();
  // The caches connect as early as this client: their own keys may be repaired by now.
  expect(await admin.get(STATE)).toBe('saved');
}

/** A planned restart: the server saves everything as it ends. */
async function restart(): Promise<void> {
  await admin.save();
  await server.kill();
  await server.up();
}

interface Options {
  readonly memory?: false;
  readonly journal?: number;
}

async function open({ journal, ...options }: Options = {}): Promise<Watched> {
  const one = new Watched({ redisUrl: server.url, storeTimeout: '5s', ...options });
  closing.push(() => one.cache.close());
  await one.untilWell();
  if (journal !== undefined) journalOf(one).capacity = journal;
  return one;
}

function journalOf({ cache }: Watched): { capacity: number } {
  const CORE = Symbol.for('aurora-cache.core.v4');
  const view = (cache as unknown as Record<symbol, { core: { shared: object } }>)[CORE];
  const { repairs } = view?.core.shared as {
    repairs: { journal: { capacity: number } };
  };
  return repairs.journal;
}

/** Waits until a cache has its connections again, and has done what was to be done. */
async function reconnected(...caches: Watched[]): Promise<void> {
  for (const one of caches) await one.untilWell();
}

describe.each<[string, Options]>([
  ['with a memory tier', {}],
  ['without', { memory: false }],
])('After a crash with an old snapshot, %s', (_, options) => {
  it('nothing comes back that was deleted, cleared, tagged or overwritten since', async () => {
    const [author, other] = [await open(options), await open(options)];
    const doomed = ['deleted', 'page:1', 'page:2', 'tagged', 'set', 'refilled'];
    for (const key of [...doomed, 'bystander']) {
      const tags = key === 'tagged' ? ['tag'] : key === 'bystander' ? ['another tag'] : [];
      await author.cache.set(key, 'old', { ttl: '1h', tags });
    }
    expect(await admin.get('aurora:deleted')).toContain('old');
    await untilNumbered(author);
    await save();
    await author.cache.delete('deleted');
    await author.cache.clear('page:*');
    await author.cache.invalidateTags('tag');
    await author.cache.set('set', 'new');
    await author.cache.delete('refilled');
    expect(await other.cache.getOrSet('refilled', () => 'new')).toBe('new');

    await crash();
    // The author never reads any of it, from its first read on.
    const readable = async (): Promise<boolean> => {
      for (const key of doomed) expect(await author.cache.get(key)).not.toBe('old');
      return !(await author.cache.getStats()).degraded;
    };
    await until('the author is connected', readable);
    await reconnected(author, other);
    for (const { cache } of [other, author]) {
      for (const key of doomed) expect([key, await cache.get(key)]).not.toContain('old');
      for (const key of doomed) expect(await cache.getOrSet(key, () => 'new')).toBe('new');
      expect(await cache.get('bystander')).toBe('old');
    }
  });

  it('further than the journal reaches, older entries are misses for all', async () => {
    const author = await open({ ...options, journal: 3 });
    const other = await open(options);
    const keys = Array.from({ length: 10 }, (__, i) => `key ${i}`);
    for (const key of keys) await author.cache.set(key, 'old', { ttl: '1h', tags: [`tag ${key}`] });
    await author.cache.set('bystander', 'old', { ttl: '1h' });
    await untilNumbered(author);
    await save();
    for (const key of keys.slice(0, 5)) await author.cache.delete(key);
    for (const key of keys.slice(5)) await author.cache.invalidateTags(`tag ${key}`);
    await crash();
    await reconnected(author, other);
    await until('the other has heard of the floor', async () => {
      return (await other.cache.get('bystander')) === undefined;
    });
    for (const { cache } of [other, author, await open(options)]) {
      for (const key of keys) expect(await cache.get(key)).toBeUndefined();
    }
    expect(await author.cache.getOrSet('bystander', () => 'new')).toBe('new');
    await until('what is new is shared', async () => {
      return (await other.cache.get('bystander')) === 'new';
    });
  });
});

describe('A good cache is not emptied', () => {
  const keys = Array.from({ length: 30 }, (_, i) => `key ${i}`);

  async function expectKept(cache: Watched['cache']): Promise<void> {
    const found = await cache.getMany(keys);
    expect([...found.values()].filter((value) => value === 'good')).toHaveLength(keys.length);
  }

  it('by a planned restart, though the journal does not reach back to the beginning', async () => {
    const author = await open({ memory: false, journal: 3 });
    for (const key of keys) await author.cache.set(key, 'good', { ttl: '1h' });
    await untilNumbered(author);
    await restart();
    await reconnected(author);
    await expectKept(author.cache);
    expect(await admin.hget('aurora#tags', 'floor')).toBeNull();
  });

  it('by a process that has never invalidated anything', async () => {
    const author = await open({ memory: false });
    for (const key of keys) await author.cache.set(key, 'good', { ttl: '1h' });
    await author.cache.close();
    const reader = await open({ memory: false });
    await expectKept(reader.cache);
    await reader.cache.getOrSet('cold', () => 'loaded');
    await save();
    await crash();
    await reconnected(reader);
    await expectKept(reader.cache);
    expect(await admin.keys('aurora#seq:*')).toEqual([]);
    expect(await admin.hget('aurora#tags', 'floor')).toBeNull();
  });

  it('by connections that are cut while nothing is lost', async () => {
    const author = await open({ memory: false, journal: 3 });
    for (const key of keys) await author.cache.set(key, 'good', { ttl: '1h' });
    await untilNumbered(author);
    const before = connectionsOf(await admin.info('stats'));
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until('it has connected again', async () => {
      return connectionsOf(await admin.info('stats')) > before;
    });
    await until('it reads again', async () => (await author.cache.getMany(keys)).size > 0);
    await expectKept(author.cache);
  });
});

it('leaves a number that expires after a day', async () => {
  const author = await open({ memory: false });
  await Promise.all(Array.from({ length: 300 }, (_, i) => author.cache.set(`key ${i}`, i)));
  let id = '';
  await until('the number is there', async () => {
    [id = ''] = await admin.keys('aurora#seq:*');
    return (await admin.get(id)) === '300';
  });
  expect(await admin.pttl(id)).toBeGreaterThan(86_000_000);
});

function connectionsOf(info: string): number {
  return Number(/total_connections_received:(\d+)/.exec(info)?.[1]);
}
