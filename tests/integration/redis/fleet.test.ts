import { Cached, CacheManager, CachePut, type CacheOptions } from 'aurora-cache';

import { closedAfterEach } from '../../support/closing.js';
import { type RedisServer, until } from '../../support/redis/server.js';
import { shareServer } from '../../support/redis/shared-server.js';

// Two caches of one process stand in for two processes: they share nothing but Redis.

let server: RedisServer;
shareServer((shared) => ({ server } = shared));
const closing = closedAfterEach();

async function cache(options: CacheOptions = {}): Promise<CacheManager> {
  const made = new CacheManager({ redisUrl: server.url, ...options });
  closing.push(() => made.close());
  await made.get('nothing');
  await until('it listens', async () => (await made.getStats()).listening);
  return made;
}

/** A loader that can be held up, and counts. */
function slowLoader(): { load: () => Promise<number>; release: () => void; loads: () => number } {
  let loads = 0;
  let release!: () => void;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const load = async (): Promise<number> => {
    loads++;
    await gate;
    return loads;
  };
  return { load, release, loads: () => loads };
}

describe.each<[string, CacheOptions]>([
  ['with memory', {}],
  ['without memory', { memory: false }],
])('Two caches on one Redis, %s', (_, tiers) => {
  it('share one load, and its result', async () => {
    const [one, two] = await Promise.all([cache(tiers), cache(tiers)]);
    const { load, release, loads } = slowLoader();
    const first = one.getOrSet('key', load);
    await until('it loads', () => Promise.resolve(loads() === 1));
    const second = two.getOrSet('key', load);
    await until('the other waits', async () => (await two.getStats()).leasesDenied === 1);
    release();
    await expect(Promise.all([first, second])).resolves.toEqual([1, 1]);
    expect(loads()).toBe(1);
  });

  it('load for themselves after one lease, and bypass a holder that hangs', async () => {
    const lease = '400ms';
    // Renewed after a third; the other one waits as long as its own policy says.
    const [one, two] = await Promise.all([cache(tiers), cache(tiers)]);
    const { load, release, loads } = slowLoader();
    const hanging = one.getOrSet('key', load, { lease: '6s' });
    await until('it loads', () => Promise.resolve(loads() === 1));
    const start = performance.now();
    await expect(two.getOrSet('key', () => 'own', { lease })).resolves.toBe('own');
    expect(performance.now() - start).toBeGreaterThanOrEqual(390);
    // Its renewals show that the holder lives; it has been waited for in vain all the same.
    await until('it is renewed', async () => (await one.getStats()).leasesRenewed > 0);
    await two.getOrSet('key', () => 'again', { lease });
    expect((await two.getStats()).leasesGranted).toBe(0);
    release();
    await expect(hanging).resolves.toBe(1);
  });

  it('serve what is expired while the other one loads', async () => {
    const options = { ttl: '1h', grace: '1h' } as const;
    const [one, two] = await Promise.all([cache(tiers), cache(tiers)]);
    await one.set('key', 'expired', { ...options, ttl: '200ms' });
    await until('it has expired', async () => (await two.get('key')) === undefined);
    const { load, release, loads } = slowLoader();
    const first = one.getOrSet('key', load, options);
    await until('it loads', () => Promise.resolve(loads() === 1));
    const reasons: string[] = [];
    two.on('stale', ({ reason }) => reasons.push(reason));
    await expect(two.getOrSet('key', load, options)).resolves.toBe('expired');
    expect({ reasons, loads: loads() }).toEqual({ reasons: ['lease'], loads: 1 });
    release();
    await expect(first).resolves.toBe(1);
    await until('both have it', async () => (await two.getOrSet('key', load, options)) === 1);
  });

  it('refresh ahead once for both', async () => {
    // Nearly all of the life: without a refresh, the value would last for a minute.
    const options = { ttl: '60s', refreshAhead: 0.96 } as const;
    const [one, two] = await Promise.all([cache(tiers), cache(tiers)]);
    let loads = 0;
    const load = (): number => ++loads;
    const read = () => Promise.all([one, two].map((each) => each.getOrSet('key', load, options)));
    await until('both have it', async () => (await read()).every((value) => value === 1));
    const start = performance.now();
    await until('both have the new one', async () => (await read()).every((value) => value === 2));
    expect(performance.now() - start).toBeLessThan(30_000);
    expect(loads).toBe(2);
  });

  it('agree on what @CachePut has put', async () => {
    const [one, two] = await Promise.all([cache(tiers), cache(tiers)]);
    const database = new Map([[1, 'Ada']]);
    const serviceOn = (its: CacheManager) => {
      class Names {
        @Cached({ keyPrefix: 'name', cache: its })
        find(id: number): Promise<string | undefined> {
          return Promise.resolve(database.get(id));
        }
        @CachePut({ key: (id: number) => `renamed:${String(id)}`, cache: its })
        rename(id: number, name: string): Promise<string> {
          database.set(id, name);
          return Promise.resolve(name);
        }
        @CachePut({ method: 'find', args: (_result: string, id: number) => [id] })
        renameToo(id: number, name: string): Promise<string> {
          return this.rename(id, name);
        }
      }
      return new Names();
    };
    const [here, there] = [serviceOn(one), serviceOn(two)];
    await expect(here.find(1)).resolves.toBe('Ada');
    await expect(there.find(1)).resolves.toBe('Ada');
    if (tiers.memory !== false) {
      // The server's word of the load; heard during the method, it would overtake its result.
      await until('it is heard', async () => (await one.getStats()).invalidationsReceived > 0);
    }
    await here.renameToo(1, 'Grace');
    await until('the other one knows', async () => (await there.find(1)) === 'Grace');
    const { sets, loads } = await one.getStats();
    expect({ sets, loads }).toEqual({ sets: 2, loads: 1 });
  });

  it('do not keep a result of @CachePut that the other one has overtaken', async () => {
    const [one, two] = await Promise.all([cache(tiers), cache(tiers)]);
    const { load, release, loads } = slowLoader();
    class Names {
      @CachePut({ key: () => 'key', cache: one })
      async write(): Promise<string> {
        await load();
        return 'old';
      }
    }
    const writing = new Names().write();
    await until('it writes', () => Promise.resolve(loads() === 1));
    await two.set('key', 'new');
    release();
    await expect(writing).resolves.toBe('old');
    // It is unknown which state is the later one: the entry is removed.
    await until('it is gone', async () => (await one.get('key')) === undefined);
    await until('the other knows', async () => (await two.get('key')) === undefined);
  });

  it('do not join a load that began before an invalidation by the other', async () => {
    const [one, two] = await Promise.all([cache(tiers), cache(tiers)]);
    const { load, release, loads } = slowLoader();
    const before = one.getOrSet('key', load);
    await until('it loads', () => Promise.resolve(loads() === 1));
    await two.delete('key');
    if (tiers.memory !== false) {
      // The message arrives; a cache without memory does not need it.
      await until('the message has arrived', async () => (await one.getStats()).inFlight === 0);
    }
    const after = one.getOrSet('key', () => 'new');
    release();
    await expect(before).resolves.toBe(1);
    await expect(after).resolves.toBe('new');
    await expect(one.get('key')).resolves.toBe('new');
    await expect(two.get('key')).resolves.toBe('new');
  });
});
