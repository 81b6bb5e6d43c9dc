import { RedisStore } from 'aurora-cache/redis';

import { Proxy } from '../../support/redis/proxy.js';
import { SentinelGroup } from '../../support/redis/sentinel.js';
import { stopServers, until } from '../../support/redis/server.js';

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
  await sentinel.failOver();
  for (const proxy of proxies) proxy.resume();
  await usable(store);
}, 120_000);
