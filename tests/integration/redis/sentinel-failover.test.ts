import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { CacheManager } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { Redis } from 'ioredis';

import { coreOf, journalOf } from '../../coherence/sabotage.js';
import { closedAfterEach } from '../../support/closing.js';
import { CacheProcess } from '../../support/redis/cache-process.js';
import { load, loadsOf, untilNoneHas, untilNumbered } from '../../support/redis/loads.js';
import { Proxy } from '../../support/redis/proxy.js';
import { SentinelGroup } from '../../support/redis/sentinel.js';
import { freePort, RedisServer, stopServers, until } from '../../support/redis/server.js';
import { connectionsTo, serviceOn, underLoad, usable } from '../../support/redis/service.js';
import { Watched } from '../../support/redis/watched.js';

let sentinel: SentinelGroup;
const closing = closedAfterEach();

beforeAll(async () => {
  sentinel = await SentinelGroup.start();
});

afterAll(async () => {
  await stopServers();
});

function own(...target: ConstructorParameters<typeof RedisStore>): RedisStore {
  const store = new RedisStore(...target);
  closing.push(() => store.disconnect());
  return store;
}

it('A process on sentinels ends by itself, and writes nothing to its console', async () => {
  const child = await CacheProcess.start();
  closing.push(() => {
    child.kill();
  });
  await child.do('open', 'it', { redis: sentinel.options, storeTimeout: '10s' });
  await child.do('set', 'it', 'key', 'value');
  expect(await child.do('get', 'it', 'key')).toBe('value');
  child.leave();
  expect(await child.ended).toBe(0);
  expect(child.stderr).not.toMatch(/ioredis|Unhandled/);
});

it('a client that is connecting when the sentinels report the failover connects afterwards', async () => {
  const { sentinels, name } = sentinel.options;
  const proxies = await Promise.all(sentinels.map(({ port }) => Proxy.start(port)));
  closing.push(() => Promise.all(proxies.map((proxy) => proxy.stop())));
  const behindProxies = proxies.map(({ port }) => ({ host: '127.0.0.1', port }));
  const store = new RedisStore({ name, sentinels: behindProxies, updateSentinels: false });
  closing.push(() => store.disconnect());
  await usable(store);
  await until('the sentinels would report a failover', async () =>
    proxies.every((proxy) => proxy.count('bus') > 0),
  );
  // They name no primary, so that the client is connecting all the time, and report the failover.
  for (const proxy of proxies) proxy.pause('commands');
  const dead = await sentinel.primary();
  await sentinel.failOver();
  for (const proxy of proxies) proxy.resume();
  await usable(store);
  await dead.up();
});

it.each([
  ['with a memory tier', {}],
  ['without', { memory: false }],
] as const)(
  'a primary that dies with its replicas in step loses no invalidation and empties no cache, %s',
  async (tier, options) => {
    await sentinel.inStep();
    const namespace = `died-${tier.replaceAll(' ', '-')}`;
    const fleet = Array.from({ length: 3 }, () => {
      const one = new Watched({
        ...{ redis: sentinel.options, namespace, storeTimeout: '5s' },
        ...options,
      });
      closing.push(() => one.cache.close());
      return one;
    });
    const [author, loader, other] = fleet as [Watched, Watched, Watched];
    for (const one of fleet) await one.untilWell();
    // It does not reach back to the beginning, and need not.
    journalOf(coreOf(author.cache)).capacity = 10;
    const keys = (what: string): string[] => Array.from({ length: 300 }, (_, i) => `${what} ${i}`);
    const [deleted, set, good] = [keys('deleted'), keys('set'), keys('good')];
    for (const kind of [deleted, set]) await load(loader, kind, 'old');
    await load(loader, good, 'good');
    await author.cache.deleteMany(deleted);
    await author.cache.setMany(set.map((key) => ({ key, value: 'new', ttl: '1h' })));
    await untilNumbered(author);
    await sentinel.replicated();
    const dead = await sentinel.primary();
    await sentinel.failOver();
    await dead.up();
    for (const one of fleet) await untilNoneHas('old', one, [...deleted, ...set]);
    // Each sentinel reports the failover, and clients connect again at every report.
    const wanted = [...good.map(() => 'good'), ...set.map(() => 'new')];
    await until('nothing has to be loaded', async () => {
      const found = await other.cache.getMany([...good, ...set]);
      return isDeepStrictEqual([...found.values()], wanted);
    });
    expect(await loadsOf(other, deleted)).toBe(deleted.length);
    const admin = new Redis((await sentinel.primary()).url);
    closing.push(() => {
      admin.disconnect();
    });
    expect(await admin.hget(`${namespace}#tags`, 'floor')).toBeNull();
  },
);

describe('A failover', () => {
  it('that is planned undoes no acknowledged invalidation, and empties no cache', async () => {
    // The failover of an earlier test may go on: with a replica out of step, Redis would lose the entries.
    await sentinel.inStep();
    await sentinel.flush();
    const caches = Array.from({ length: 2 }, () => {
      const watched = new Watched({ redis: sentinel.options, namespace: 'planned', memory: false });
      closing.push(() => watched.cache.close());
      return watched;
    }) as [Watched, Watched];
    for (const one of caches) await one.untilWell();
    const [author, other] = caches;
    const numbers = Array.from({ length: 1000 }, (_, n) => n);
    const all = (what: string): string[] => numbers.map((n) => `${what} ${n}`);
    for (const what of ['doomed', 'good']) {
      await author.cache.setMany(all(what).map((key) => ({ key, value: 'old' })));
    }
    let isOver = false;
    const failingOver = sentinel.handOver().finally(() => {
      isOver = true;
    });
    // Before, while and after a replica takes over.
    for (const [i, key] of all('doomed').entries()) {
      if (i % 3 === 0) await author.cache.set(key, 'new');
      else await author.cache.delete(key);
      if (!isOver) await pause(25);
    }
    await failingOver;
    for (const one of caches) await one.untilWell(30_000);
    for (const { cache } of [author, other]) {
      // Until the clients have settled on the new primary, see above.
      await until('all that is good is there, and nothing that is old', async () => {
        const found = await cache.getMany([...all('doomed'), ...all('good')]);
        expect(all('doomed').filter((key) => found.get(key) === 'old')).toEqual([]);
        return all('good').every((key) => found.has(key));
      });
    }
  });

  it.each<[string, (primary: RedisServer) => Promise<void>]>([
    [
      'from a primary that hangs',
      (primary) =>
        sentinel.failOverAfter(primary, () => {
          primary.freeze();
        }),
    ],
    ['from a primary that is killed', () => sentinel.failOver()],
  ])('%s fails no call, and the store goes on with the new one', async (_, fail) => {
    await sentinel.inStep();
    const primary = await sentinel.primary();
    const store = own(sentinel.options);
    const cache = new CacheManager({ store, memory: false, storeTimeout: '200ms' });
    const service = serviceOn(cache);
    await usable(store);
    const during = async (): Promise<void> => {
      await fail(primary);
      await usable(store);
    };
    expect(await underLoad(cache, during, service)).toBeGreaterThan(20);
    await sentinel.flush();
    await until('a result is shared again', async () => {
      const calls = service.calls();
      await service.answer(1000);
      return service.calls() === calls;
    });
    primary.thaw();
  });

  it('is followed by a new connection when the old primary replies READONLY', async () => {
    const server = await RedisServer.start();
    const admin = new Redis(server.url);
    closing.push(() => server.stop());
    closing.push(() => {
      admin.disconnect();
    });
    const store = own(server.url);
    await store.set('key', 'before');
    await admin.replicaof('127.0.0.1', await freePort());
    const before = await connectionsTo(admin);
    await expect(store.set('key', 'during')).rejects.toThrow(/^READONLY/);
    await until('the store has connected again', async () => (await connectionsTo(admin)) > before);
    await admin.call('REPLICAOF', 'NO', 'ONE');
    await usable(store);
  });
});
