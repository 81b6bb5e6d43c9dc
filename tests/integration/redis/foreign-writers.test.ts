import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { CacheManager } from 'aurora-cache';
import { Redis } from 'ioredis';

import { CacheProcess, stopProcesses } from '../../support/redis/cache-process.js';
import { RedisServer, stopServers, until } from '../../support/redis/server.js';

let server: RedisServer;
let admin: Redis;
let processes: readonly CacheProcess[];

beforeAll(async () => {
  server = await RedisServer.start();
  processes = await Promise.all([CacheProcess.start(), CacheProcess.start()]);
  admin = new Redis(server.url);
  for (const one of processes) {
    await one.do('open', 'it', {
      ...{ redisUrl: server.url, maxMemoryItems: 10_000, storeTimeout: '10s' },
    });
    await until('it listens', async () => (await one.do('stats', 'it')).listening);
  }
});

beforeEach(async () => {
  await admin.flushall();
});

afterAll(async () => {
  admin.disconnect();
  stopProcesses();
  await stopServers();
});

async function cli(...words: string[]): Promise<void> {
  await promisify(execFile)('redis-cli', ['-p', String(server.port), ...words]);
}

/** The contents of the memory tiers of all processes. */
async function held(keys: readonly string[]): Promise<unknown[]> {
  const maps = await Promise.all(processes.map((one) => one.do('held', 'it', keys)));
  return maps.flatMap((map) => [...map.values()]);
}

/** Brings keys into the memory of both. */
async function keep(...keys: string[]): Promise<void> {
  const all = keys.length * processes.length;
  // An echo of the fill drops what it has just put there: hence more than once.
  await until('both hold them', async () => {
    for (const one of processes) await one.do('loadAll', 'it', keys, 'ours');
    await new Promise((resolve) => setTimeout(resolve, 30));
    return (await held(keys)).length === all;
  });
}

/** The text of a value as a cache would write it. */
async function textOf(value: string): Promise<string> {
  const cache = new CacheManager({ redisUrl: server.url, memory: false, namespace: 'maker' });
  await cache.set('key', value, { ttl: '1h' });
  await cache.close();
  return (await admin.get('maker:key')) ?? '';
}

describe('writes by other clients reach the memory of two processes', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['DEL', () => admin.del('aurora:key')],
    ['UNLINK', () => admin.unlink('aurora:key')],
    ['SET of something else', () => admin.set('aurora:key', 'theirs')],
    ['EXPIRE', () => admin.expire('aurora:key', 100)],
    ['PEXPIRE, and the end of that time', () => admin.pexpire('aurora:key', 1)],
    ['RENAME', () => admin.rename('aurora:key', 'elsewhere')],
    ['APPEND', () => admin.append('aurora:key', '…')],
    ['FLUSHDB', () => admin.flushdb()],
    ['FLUSHALL ASYNC', () => admin.flushall('ASYNC')],
    ['a script', () => admin.eval("redis.call('DEL', KEYS[1])", 1, 'aurora:key')],
    ['a transaction', () => admin.multi().del('aurora:key').exec()],
    ['redis-cli DEL', () => cli('DEL', 'aurora:key')],
    ['redis-cli SET', () => cli('SET', 'aurora:key', 'theirs', 'EX', '60')],
    ['redis-cli FLUSHDB', () => cli('FLUSHDB')],
  ])('%s', async (_, write) => {
    await keep('key');
    await write();
    await until('no process holds it', async () => (await held(['key'])).length === 0);
  });

  it('and the value that a foreign SET put there is read', async () => {
    const theirs = await textOf('theirs');
    await keep('key');
    await admin.set('aurora:key', theirs);
    await until('both read it', async () => {
      const values = await Promise.all(
        processes.map((one) => one.do('load', 'it', 'key', 'unexpected')),
      );
      return values.every((value) => value === 'theirs');
    });
  });
});

it('no memory holds what Redis does not, after a burst of fills and foreign writes', async () => {
  const theirs = await textOf('theirs');
  const keys = Array.from({ length: 1000 }, (_, i) => `burst:${String(i)}`);
  const writers = [new Redis(server.url), new Redis(server.url)];
  let writing = true;
  let written = 0;
  /** Writes behind the fills, many commands at a time, as the server takes them. */
  const write = async (writer: Redis): Promise<void> => {
    while (writing) {
      const pipeline = writer.pipeline();
      for (let i = 0; i < 100; i++) {
        const name = `aurora:${keys[Math.floor(Math.random() * keys.length)] ?? ''}`;
        if (Math.random() < 0.5) pipeline.del(name);
        else pipeline.set(name, theirs, 'EX', 60);
      }
      await pipeline.exec();
      written += 100;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
    }
  };
  const load = async (one: CacheProcess): Promise<void> => {
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < keys.length; i += 200) {
        await one.do('loadAll', 'it', keys.slice(i, i + 200), 'ours');
      }
    }
  };
  const writes = Promise.all(writers.map(write));
  await Promise.all(processes.map(load));
  // The last word is the writers', on some of the keys.
  writing = false;
  await writes;
  for (const one of processes) {
    for (let i = 0; i < keys.length; i += 100) {
      const some = keys.slice(i, i + 100);
      // Fills, and then reads into the memory of both, which the writes overtake or follow.
      await one.do('loadAll', 'it', some, 'ours');
      const loading = Promise.all(processes.map((one) => one.do('loadAll', 'it', some, 'ours')));
      const pipelines = writers.map((writer, w) => {
        const pipeline = writer.pipeline();
        for (const [n, key] of some.entries()) {
          if (n % 4 === w) pipeline.del(`aurora:${key}`);
          else if (n % 5 === w) pipeline.set(`aurora:${key}`, theirs, 'EX', 60);
        }
        return pipeline.exec();
      });
      await Promise.all([loading, ...pipelines]);
    }
  }
  for (const writer of writers) writer.disconnect();
  // Fills in the background, and their replies.
  await until('no load is under way', async () => {
    const all = await Promise.all(processes.map((one) => one.do('stats', 'it')));
    return all.every(({ inFlight }) => inFlight === 0);
  });
  // Messages keep their order: after this one, all others have arrived.
  await keep('last');
  await admin.del('aurora:last');
  await until('the last message has arrived', async () => (await held(['last'])).length === 0);

  const reader = new CacheManager({
    ...{ redisUrl: server.url, memory: false, storeTimeout: '10s' },
  });
  const stored = await reader.getMany(keys);
  await reader.close();
  let alike = 0;
  const wrong: unknown[] = [];
  for (const [p, one] of processes.entries()) {
    for (const [key, value] of await one.do('held', 'it', keys)) {
      if (stored.get(key) === value) alike++;
      else wrong.push({ process: p, key, memory: value, redis: stored.get(key) });
    }
    expect(await one.do('rejections')).toEqual([]);
    expect([...((await one.do('reported', 'it'))?.errors ?? [])]).toEqual([]);
  }
  console.log(`${written} foreign writes; ${alike} entries in memory, ${wrong.length} wrong`);
  expect(wrong).toEqual([]);
  expect(stored.size).toBeGreaterThan(100);
  // Otherwise the test would prove nothing.
  expect(alike).toBeGreaterThan(50);
});
