import { RedisStore } from 'aurora-cache/redis';

import { Redis } from 'ioredis';

import { engineOf, journalOf } from '../../coherence/sabotage.js';
import { load, loadsOf, untilNoneHas } from '../../support/redis/loads.js';
import { Proxy } from '../../support/redis/proxy.js';
import { SentinelGroup } from '../../support/redis/sentinel.js';
import { stopServers, until } from '../../support/redis/server.js';
import { Watched } from '../../support/redis/watched.js';

let sentinel: SentinelGroup;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  sentinel = await SentinelGroup.start();
});

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

afterAll(async () => {
  await stopServers();
});

async function usable(store: RedisStore): Promise<void> {
  await until('the store is usable again', async () => {
    try {
      await store.set('aurora:probe', 'value', 60_000);
      return (await store.get('aurora:probe')) === 'value';
    } catch {
      return false;
    }
  });
}

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
}, 120_000);

it.each([
  ['with a memory tier', {}],
  ['without', { memory: false }],
] as const)(
  'a primary that dies with its replicas in step loses no invalidation and empties no cache, %s',
  async (tier, options) => {
    await sentinel.inStep();
    const namespace = `died-${tier.replaceAll(' ', '-')}`;
    const fleet = Array.from({ length: 3 }, () => {
      const one = new Watched({ redis: sentinel.options, namespace, ...options });
      closing.push(() => one.cache.close());
      return one;
    });
    const [author, loader, other] = fleet as [Watched, Watched, Watched];
    for (const one of fleet) await one.untilWell();
    // It does not reach back to the beginning, and need not.
    journalOf(engineOf(author.cache)).capacity = 10;
    const keys = (what: string): string[] => Array.from({ length: 300 }, (_, i) => `${what} ${i}`);
    const [deleted, set, good] = [keys('deleted'), keys('set'), keys('good')];
    for (const kind of [deleted, set]) await load(loader, kind, 'old');
    await load(loader, good, 'good');
    await author.cache.deleteMany(deleted);
    await author.cache.setMany(set.map((key) => ({ key, value: 'new', ttl: '1h' })));
    await sentinel.replicated();
    const dead = await sentinel.primary();
    await sentinel.failOver();
    await dead.up();
    for (const one of fleet) await untilNoneHas('old', one, [...deleted, ...set]);
    expect(await loadsOf(other, [...good, ...set])).toBe(0);
    expect(await loadsOf(other, deleted)).toBe(deleted.length);
    const admin = new Redis((await sentinel.primary()).url);
    closing.push(() => {
      admin.disconnect();
    });
    expect(await admin.hget(`${namespace}#tags`, 'floor')).toBeNull();
  },
  120_000,
);
