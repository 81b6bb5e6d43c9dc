import type { CacheManager, CacheOptions } from 'aurora-cache';
import { Cluster, Redis } from 'ioredis';

import { RedisCluster } from '../../support/redis/cluster.js';
import { described, Pinger } from '../../support/redis/pinger.js';
import { RedisServer, stopServers, until } from '../../support/redis/server.js';
import { Watched } from '../../support/redis/watched.js';

const KEYS = 100_000;
/** A step looks at some hundred keys: usually a tenth of that, as the server counts. */
const LONGEST_STEP_US = 2000;

interface Topology {
  /** Puts a text under many keys. */
  readonly seed: (names: readonly string[], text: string) => Promise<void>;
  readonly admins: readonly Redis[];
  readonly options: () => CacheOptions;
  readonly stop: () => Promise<void>;
}

async function standalone(): Promise<Topology> {
  const server = await RedisServer.start();
  const admin = new Redis(server.url);
  const stop = async (): Promise<void> => {
    admin.disconnect();
    await server.stop();
  };
  const seed: Topology['seed'] = (names, text) =>
    inBatches(names, (batch) => admin.mset(...batch.flatMap((name) => [name, text])));
  return { seed, admins: [admin], options: () => ({ redisUrl: server.url }), stop };
}

async function cluster(): Promise<Topology> {
  const nodes = await RedisCluster.start();
  const clients: Cluster[] = [];
  const options = (): CacheOptions => {
    const client = new Cluster(nodes.nodes);
    clients.push(client);
    return { redis: client };
  };
  const stop = async (): Promise<void> => {
    for (const client of clients) client.disconnect();
    await nodes.stop();
  };
  // Commands of one turn to the same node travel together.
  const seeder = new Cluster(nodes.nodes, { enableAutoPipelining: true });
  clients.push(seeder);
  const seed: Topology['seed'] = (names, text) =>
    inBatches(names, (batch) => Promise.all(batch.map((name) => seeder.set(name, text))));
  return { seed, admins: nodes.admins, options, stop };
}

/** Many keys at a time. */
async function inBatches(
  names: readonly string[],
  put: (batch: readonly string[]) => Promise<unknown>,
): Promise<void> {
  for (let i = 0; i < names.length; i += 5000) await put(names.slice(i, i + 5000));
}

describe.each([
  ['a server', standalone],
  ['a cluster', cluster],
] as const)('100,000 keys next to as many foreign ones on %s', (_, launch) => {
  let topology: Topology;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    topology = await launch();
  });

  afterAll(async () => {
    for (const close of closing) await close();
    await topology.stop();
    await stopServers();
  });

  async function open(options: CacheOptions = {}): Promise<CacheManager> {
    const one = new Watched({
      ...topology.options(),
      ...{ maxMemoryItems: 200_000, storeTimeout: '5s' },
      ...options,
    });
    closing.push(() => one.cache.close());
    await one.untilWell();
    expect(one.errors).toEqual([]);
    return one.cache;
  }

  it('clear removes exactly its own, in all tiers, and the server stays responsive', async () => {
    const [one, two, bare] = [await open(), await open(), await open({ memory: false })];
    await one.set('user:0:a', 'value', { ttl: '1h' });
    const { admins } = topology;
    const texts = await Promise.all(
      admins.map((admin) => admin.get('aurora:user:0:a').catch(() => null)),
    );
    const text = texts.find((it) => it !== null) ?? '';
    const numbers = Array.from({ length: KEYS }, (_, i) => i);
    const half = numbers.slice(0, KEYS / 2);
    const own = half.map((i) => `aurora:user:${String(i)}:a`);
    const others = half.map((i) => `aurora:order:${String(i)}`);
    const foreign = numbers.map((i) =>
      ['user:#', 'aurora2:user:#', 'xaurora:user:#', 'aurora.user:#'][i % 4]!.replace('#', `${i}`),
    );
    await topology.seed([...own, ...others, ...foreign], text);
    // In memory too, of both; and in the memory alone of what is in flight.
    for (const cache of [one, two]) {
      for (let i = 0; i < 1000; i++) await cache.get(`user:${i}:a`);
      await cache.get('order:1');
    }
    const leases = half.slice(0, 100).map((i) => `{aurora:user:lease${i}}:lease`);
    await topology.seed(leases, 'a token');
    await topology.seed(['{aurora:order:lease}:lease', '{other:user:1}:lease'], 'a token');

    for (const admin of admins) await admin.config('RESETSTAT');
    const pinger = await Pinger.start((admins[0] as Redis).options.port as number);
    const start = performance.now();
    expect(await one.clear('user:*')).toBe(KEYS / 2);
    const elapsed = performance.now() - start;
    console.log(`clear took ${elapsed.toFixed(0)} ms; ${described(await pinger.stop())}`);

    // Of the server's own accounts: they know nothing of a busy client.
    for (const admin of admins) {
      const statistics = await admin.info('commandstats');
      expect(statistics).not.toMatch(/cmdstat_(?:keys|flush\w+|del|m?get):/);
      for (const command of ['scan', 'unlink']) {
        const latencies = await admin.call('INFO', 'latencystats');
        const [, p50] = new RegExp(`usec_${command}:p50=([\\d.]+)`).exec(String(latencies)) ?? [''];
        expect(Number(p50)).toBeLessThan(LONGEST_STEP_US);
      }
      // A step of some hundred keys each, and never the whole at once.
      const scans = Number(/cmdstat_scan:calls=(\d+)/.exec(statistics)?.[1]);
      expect(scans).toBeGreaterThan((2 * KEYS) / admins.length / 1000);
    }

    const left = new Set<string>();
    for (const admin of admins) {
      for await (const keys of admin.scanStream({ count: 10_000 })) {
        for (const key of keys as string[]) if (!/^aurora#(?:seq:|count$)/.test(key)) left.add(key);
      }
    }
    expect(left.size).toBe(others.length + foreign.length + 2);
    expect([...others, ...foreign].every((name) => left.has(name))).toBe(true);
    await until('the other memory has let go', async () => {
      const { memoryKeys } = await two.getStats();
      return memoryKeys <= 1;
    });
    for (const cache of [one, two, bare]) {
      expect(await cache.get('user:1:a')).toBeUndefined();
      expect(await cache.get('order:1')).toBe('value');
    }
    expect((await one.getStats()).memoryKeys).toBe(1);
  });
});
