import { Cluster, Redis } from 'ioredis';

import { systemClock } from '../../../src/base/time/clock.js';
import type { CoordinatorOptions, LeaseReply } from '../../../src/store/coordinator.js';
import { closedAfterEach } from '../../support/closing.js';
import { RedisCluster } from '../../support/redis/cluster.js';
import { Coordinated, pattern, total } from '../../support/redis/coordinated.js';
import { Proxy } from '../../support/redis/proxy.js';
import { RedisServer, until } from '../../support/redis/server.js';
import { shareServer } from '../../support/redis/shared-server.js';

/** Of a command: the server refuses one that arrives later. */
const BUDGET_MS = 30_000;

let server: RedisServer;
let admin: Redis;
shareServer((shared) => ({ server, admin } = shared));
const closing = closedAfterEach();

function open(
  options: Partial<CoordinatorOptions> = {},
  target: ConstructorParameters<typeof Coordinated>[0] = server.url,
): Coordinated {
  const one = new Coordinated(target, options);
  closing.push(() => one.close());
  return one;
}

const LEASE = '{aurora:key}:lease';
const VALUE = 'aurora:key';

/** Everything by which another cache hears of it. */
async function heard(by: Coordinated, key: string): Promise<void> {
  await by.untilSaid('leaseEnd', key);
}

describe('A lease', () => {
  it('is granted to one, which fills; the other gets the holder and the remaining time', async () => {
    const { coordinator } = open();
    const other = await open().untilListening();
    expect(await coordinator.leases.acquire('key', 'one', 60_000, BUDGET_MS)).toEqual({
      granted: true,
      text: undefined,
    });
    const refused = await other.coordinator.leases.acquire('key', 'two', 60_000, BUDGET_MS);
    expect(refused).toMatchObject({ granted: false, holder: 'one' });
    const { remainingMs } = refused as LeaseReply & { granted: false };
    expect(remainingMs).toBeGreaterThan(30_000);
    expect(remainingMs).toBeLessThanOrEqual(60_000);

    expect(await other.coordinator.leases.fill('key', 'two', 'wrong', 1000)).toBe(false);
    expect(await coordinator.leases.fill('key', 'one', 'right', 60_000)).toBe(true);
    await heard(other, 'key');
    expect(await admin.get(VALUE)).toBe('right');
    expect(await admin.pttl(VALUE)).toBeGreaterThan(50_000);
    expect(await admin.exists(LEASE)).toBe(0);
    // Once is enough.
    expect(await coordinator.leases.fill('key', 'one', 'again', 1000)).toBe(false);
  });

  it('comes with what was stored in between, a foreign type aside', async () => {
    const { coordinator } = open();
    await admin.set(VALUE, 'there already');
    expect(await coordinator.leases.acquire('key', 'one', 60_000, BUDGET_MS)).toEqual({
      granted: true,
      text: 'there already',
    });
    await coordinator.leases.release('key', 'one');
    await admin.del(VALUE);
    await admin.lpush(VALUE, 'a list');
    expect(await coordinator.leases.acquire('key', 'two', 60_000, BUDGET_MS)).toEqual({
      granted: true,
      text: undefined,
    });
    expect(await coordinator.leases.fill('key', 'two', 'a text', 60_000)).toBe(true);
    expect(await admin.get(VALUE)).toBe('a text');
  });

  it('is refused while something foreign stands in its place', async () => {
    const { coordinator } = open();
    await admin.lpush(LEASE, 'a list');
    await admin.pexpire(LEASE, 60_000);
    expect(await coordinator.leases.acquire('key', 'one', 60_000, BUDGET_MS)).toEqual({
      granted: false,
      holder: '',
      remainingMs: expect.any(Number) as number,
    });
    expect(await coordinator.leases.fill('key', 'one', 'text', 1000)).toBe(false);
    expect(await coordinator.leases.renew('key', 'one', 1000)).toBe(false);
    expect(await coordinator.leases.acquire('key', 'one', 60_000, BUDGET_MS, true)).toMatchObject({
      granted: true,
    });
  });

  it.each(['a text', 'a list'])('takes the place of %s that has no end', async (what) => {
    const { coordinator } = open();
    await (what === 'a text' ? admin.set(LEASE, what) : admin.lpush(LEASE, what));
    expect(await coordinator.leases.acquire('key', 'one', 60_000, BUDGET_MS)).toEqual({
      granted: true,
      text: undefined,
    });
    expect(await admin.get(LEASE)).toBe('one');
    expect(await admin.pttl(LEASE)).toBeLessThanOrEqual(60_000);
  });

  it('is prolonged and given back by its holder only', async () => {
    const { coordinator } = open();
    const other = await open().untilListening();
    await coordinator.leases.acquire('key', 'one', 60_000, BUDGET_MS);
    expect(await coordinator.leases.renew('key', 'two', 600_000)).toBe(false);
    expect(await admin.pttl(LEASE)).toBeLessThanOrEqual(60_000);
    expect(await coordinator.leases.renew('key', 'one', 600_000)).toBe(true);
    expect(await admin.pttl(LEASE)).toBeGreaterThan(60_000);
    await coordinator.leases.release('key', 'two');
    expect(await admin.get(LEASE)).toBe('one');
    expect(other.of('leaseEnd')).toEqual([]);
    await coordinator.leases.release('key', 'one');
    expect(await admin.exists(LEASE)).toBe(0);
    await heard(other, 'key');
    expect(coordinator.messages.sent).toBe(1);
  });

  it('ends by itself, and its late holder fills nothing', async () => {
    const { coordinator } = open();
    await coordinator.leases.acquire('key', 'one', 30, BUDGET_MS);
    await until('it has ended', async () => (await admin.exists(LEASE)) === 0);
    expect(await coordinator.leases.renew('key', 'one', 1000)).toBe(false);
    expect(await coordinator.leases.fill('key', 'one', 'late', 1000)).toBe(false);
    expect(await admin.exists(VALUE)).toBe(0);
  });

  it('can be taken from its holder, whose fill is then refused', async () => {
    const { coordinator } = open();
    await coordinator.leases.acquire('key', 'one', 60_000, BUDGET_MS);
    expect(await coordinator.leases.acquire('key', 'two', 60_000, BUDGET_MS, true)).toMatchObject({
      granted: true,
    });
    expect(await coordinator.leases.fill('key', 'one', 'stale', 1000)).toBe(false);
    expect(await coordinator.leases.fill('key', 'two', 'fresh', 60_000)).toBe(true);
    expect(await admin.get(VALUE)).toBe('fresh');
  });

  it.each(['set', 'delete'] as const)('ends with a %s by any process', async (how) => {
    const { coordinator } = open();
    const other = await open().untilListening();
    await coordinator.leases.acquire('key', 'one', 60_000, BUDGET_MS);
    if (how === 'set') await other.coordinator.entries.set('key', 'newer', 60_000, BUDGET_MS);
    else expect(await other.coordinator.entries.delete(['key'])).toEqual([undefined]);
    expect(await coordinator.leases.fill('key', 'one', 'older', 60_000)).toBe(false);
    expect(await admin.get(VALUE)).toBe(how === 'set' ? 'newer' : null);
    await heard(other, 'key');
  });
});

describe('A write', () => {
  it('stores with an expiry, over anything', async () => {
    const { coordinator } = open();
    await admin.lpush(VALUE, 'a list');
    await coordinator.entries.set('key', 'text', 15_000.4, BUDGET_MS);
    expect(await admin.get(VALUE)).toBe('text');
    expect(await admin.pttl(VALUE)).toBeLessThanOrEqual(15_001);
    expect(await coordinator.entries.delete(['key'])).toEqual(['text']);
    expect(await coordinator.entries.delete(['key'])).toEqual([undefined]);
    expect(await admin.keys('*')).toEqual([]);
    expect(coordinator.messages.sent).toBe(3);
  });

  it('carries any text and any key', async () => {
    const { coordinator } = open();
    const other = await open().untilListening();
    const key = 'größe:"\\\u2028😀%u007b*';
    await coordinator.entries.set(key, '\u0000"\\😀', 1000, BUDGET_MS);
    expect(await admin.get(`aurora:${key}`)).toBe('\u0000"\\😀');
    await other.untilSaid('keys', key);
    await other.untilSaid('leaseEnd', key);
  });

  it('goes on after the server has forgotten the scripts, and after a restart', async () => {
    const mortal = await RedisServer.start();
    const own = new Redis(mortal.url);
    closing.push(() => {
      own.disconnect();
    });
    const { coordinator } = open({}, mortal.url);
    await coordinator.entries.set('key', 'one', 60_000, BUDGET_MS);
    await own.script('FLUSH');
    await coordinator.entries.set('key', 'two', 60_000, BUDGET_MS);
    expect(await own.get(VALUE)).toBe('two');
    await own.script('FLUSH');
    expect(await coordinator.entries.delete(['key', 'none'])).toEqual(['two', undefined]);
    await mortal.kill();
    await until('the loss is noticed', async () => !coordinator.isConnected);
    await expect(coordinator.entries.set('key', 'lost', 1000, BUDGET_MS)).rejects.toThrow(
      /not connected/,
    );
    await mortal.up();
    await until('it is back', async () => coordinator.isConnected);
    await coordinator.entries.set('key', 'three', 60_000, BUDGET_MS);
    expect(await own.get(VALUE)).toBe('three');
  });

  it('that comes late only removes, and a lease that comes late is not granted', async () => {
    const proxy = await Proxy.start(server.port);
    const { coordinator } = open({}, proxy.url);
    closing.push(() => proxy.stop());
    const other = await open().untilListening();
    await coordinator.ready();
    await admin.set(VALUE, 'newer');
    await admin.set(LEASE, 'token');
    proxy.delay(150, 'commands');
    await expect(coordinator.entries.set('key', 'older', 60_000, 50)).rejects.toThrow(/^LATE/);
    expect(await admin.exists(VALUE, LEASE)).toBe(0);
    await heard(other, 'key');
    await expect(coordinator.leases.acquire('key', 'token', 60_000, 50)).rejects.toThrow(/^LATE/);
    expect(await admin.exists(LEASE)).toBe(0);
    // In good time, however far the server is.
    await coordinator.entries.set('key', 'text', 60_000, 20_000);
    expect(await admin.get(VALUE)).toBe('text');
  });

  it.each([
    ['far ahead', 3_600_000],
    ['far behind', -3_600_000],
  ])('is not late on a machine whose clock is %s', async (_, error) => {
    const clock = { ...systemClock, now: () => Date.now() + error };
    const { coordinator } = open({ clock });
    await coordinator.entries.set('key', 'text', 60_000, BUDGET_MS);
    expect(await coordinator.leases.acquire('other', 'token', 1000, BUDGET_MS)).toMatchObject({
      granted: true,
    });
    expect(Math.abs(coordinator.clockOffsetMs + error)).toBeLessThan(60_000);
  });

  it('that a full server refuses leaves nothing behind', async () => {
    const full = await RedisServer.start([
      '--maxmemory',
      '100mb',
      '--maxmemory-policy',
      'noeviction',
    ]);
    const own = new Redis(full.url);
    closing.push(() => {
      own.disconnect();
    });
    const { coordinator } = open({}, full.url);
    const other = await open({ bus: 'pubsub' }, full.url).untilListening();
    await own.mset(VALUE, 'old', LEASE, 'another-token', 'aurora:filled', 'old');
    await own.set('{aurora:filled}:lease', 'token');
    await own.set('aurora:removed', 'old');
    const before = await coordinator.tags.clock();
    await own.config('SET', 'maxmemory', '1');

    await expect(coordinator.entries.set('key', 'new', 60_000, BUDGET_MS)).rejects.toThrow(/^OOM/);
    await expect(coordinator.leases.fill('filled', 'token', 'new', 60_000)).rejects.toThrow(/^OOM/);
    await expect(coordinator.leases.acquire('key', 'token', 60_000, BUDGET_MS)).rejects.toThrow(
      /^OOM/,
    );
    for (const key of ['key', 'filled']) {
      expect(await own.exists(`aurora:${key}`, `{aurora:${key}}:lease`)).toBe(0);
      await heard(other, key);
    }
    // Removals still work.
    expect(await coordinator.entries.delete(['removed'])).toEqual(['old']);
    await coordinator.tags.invalidate(['tag']);
    expect(await coordinator.tags.versions(['tag'])).toMatchObject({
      versions: [coordinator.lastTagClock],
    });
    expect(await own.del('aurora#tags')).toBe(1);
    expect(await coordinator.tags.clock()).toBeGreaterThan(before);
    expect(await total(coordinator.entries.clear([[pattern('*')]]))).toBe(0);
  });

  it('on a replica fails as such, so that ioredis looks for the primary', async () => {
    const replica = await RedisServer.start(['--replicaof', '127.0.0.1', String(server.port)]);
    const client = new Redis(replica.url);
    closing.push(() => {
      client.disconnect();
    });
    const { coordinator } = open({}, client);
    await expect(coordinator.entries.set('key', 'text', 1000, BUDGET_MS)).rejects.toThrow(
      /^READONLY/,
    );
    await expect(coordinator.entries.delete(['key'])).rejects.toThrow(/^READONLY/);
    await expect(coordinator.leases.acquire('key', 'token', 60_000, BUDGET_MS)).rejects.toThrow(
      /^READONLY/,
    );
    await expect(coordinator.tags.invalidate(['tag'])).rejects.toThrow(/^READONLY/);
  });
});

describe('Tags', () => {
  it('have one clock, which every invalidation turns on', async () => {
    const { coordinator } = open();
    const other = await open().untilListening();
    expect(await coordinator.tags.versions(['a'])).toEqual({ epoch: undefined, versions: [0] });
    expect(await admin.exists('aurora#tags')).toBe(0);
    const start = await coordinator.tags.clock();
    // Microseconds since 1970, to the last digit.
    expect(Math.abs(start / 1000 - Date.now())).toBeLessThan(5000);
    expect(await admin.hgetall('aurora#tags')).toEqual({ epoch: `${start}`, clock: `${start}` });
    expect(await coordinator.tags.clock()).toBe(start);

    const first = await coordinator.tags.invalidate(['a', 'b']);
    const second = await coordinator.tags.invalidate(['b']);
    // Never lower than the time: a server that restarts from a snapshot must not repeat a version.
    expect(first).toBeGreaterThan(start);
    expect(second).toBeGreaterThan(first);
    await admin.hset('aurora#tags', 'clock', start);
    expect(await coordinator.tags.invalidate(['c'])).toBeGreaterThan(second);
    expect(await other.coordinator.tags.versions(['a', 'b', 'd'])).toEqual({
      epoch: start,
      versions: [first, second, 0],
    });
    await other.untilSaid('tags', ['b'], second);
    expect(other.of('tags').slice(0, 2)).toEqual([
      [['a', 'b'], first],
      [['b'], second],
    ]);
    await until('it has heard of the third', async () => {
      return other.coordinator.lastTagClock === coordinator.lastTagClock;
    });
    expect(coordinator.lastTagClock).toBeGreaterThan(second);
  });

  it('begin again further on when their hash is lost or foreign', async () => {
    const { coordinator } = open();
    const before = await coordinator.tags.invalidate(['a']);
    await admin.flushdb();
    const after = await coordinator.tags.invalidate(['b']);
    expect(after).toBeGreaterThan(before);
    const { epoch, versions } = await coordinator.tags.versions(['a', 'b']);
    expect(epoch).toBeLessThan(after);
    expect(epoch).toBeGreaterThan(before);
    expect(versions).toEqual([0, after]);
    await admin.set('aurora#tags', 'a text');
    expect(await coordinator.tags.clock()).toBeGreaterThan(after);
    await admin.hdel('aurora#tags', 'clock');
    expect(await coordinator.tags.clock()).toBeGreaterThan(after);
  });

  it('are forgotten from the oldest on when there are too many', async () => {
    const { coordinator } = open();
    const start = await coordinator.tags.clock();
    // A hundred thousand, invalidated one after the other before now. At once, they would keep the server
    // from replying for so long that the coordinator would take it for hung.
    const fill = `
      for i = ARGV[2] + 1, ARGV[2] + 5000 do
        redis.call('HSET', KEYS[1], 't:' .. i, string.format('%.0f', ARGV[1] + i))
      end
      redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'clock', string.format('%.0f', ARGV[1] + 100000))`;
    const base = start - 1_000_000_000;
    for (let from = 0; from < 100_000; from += 5000) {
      await admin.eval(fill, 1, 'aurora#tags', base, from);
    }
    await until('it is connected', () =>
      coordinator.tags.clock().then(
        () => true,
        () => false,
      ),
    );
    const size = async (): Promise<number> => await admin.hlen('aurora#tags');
    const epoch = async (): Promise<number> => (await coordinator.tags.versions([])).epoch ?? NaN;

    await coordinator.tags.invalidate(['one too many', 'two too many', 'three too many']);
    // About a tenth, by a sample of 200.
    expect((await epoch()) - base).toBeGreaterThan(1000);
    expect((await epoch()) - base).toBeLessThan(30_000);
    expect(await coordinator.tags.versions(['90000'])).toMatchObject({ versions: [base + 90_000] });

    let last = 0;
    for (let round = 0; round < 400; round++) {
      const tags = Array.from({ length: 128 }, (_, i) => `round ${round} tag ${i}`);
      last = await coordinator.tags.invalidate(tags);
      if (round % 50 === 0) expect(await size()).toBeLessThan(115_000);
    }
    expect(await size()).toBeLessThan(115_000);
    // The half that is younger than what had to go is still known one by one.
    const { epoch: now = NaN, versions } = await coordinator.tags.versions([
      '1',
      'round 399 tag 1',
    ]);
    expect(versions).toEqual([0, last]);
    expect(now).toBeGreaterThan(base);
    expect(now).toBeLessThan(start);
  });
});

/** Sets up several namespaces side by side. */
async function neighbours(set: (name: string) => Promise<unknown>): Promise<string[]> {
  const names = [
    ...[
      'aurorab:user:1',
      '{aurorab:user:1}:lease',
      'auror:user:1',
      'aurora#tags',
      'aurora#stats:1',
    ],
    ...['aurora', 'user:1', '{aurora:user:1}', '{aurora:user:1}:leases', 'x{aurora:user:1}:lease'],
  ];
  await Promise.all(names.map(set));
  return names;
}

describe('Clearing', () => {
  it('removes leases and values that match, and nothing else', async () => {
    const one = await open().untilListening();
    const { coordinator } = one;
    const other = await open({ bus: 'pubsub' }).untilListening();
    const left = await neighbours((name) => admin.set(name, 'theirs'));
    const keys = Array.from({ length: 2000 }, (_, n) => `user:${n}`);
    await admin.mset(
      ...keys.flatMap((key) => [`aurora:${key}`, '1', `{aurora:${key}}:lease`, 't']),
    );
    await admin.mset('aurora:order:1', '1', '{aurora:order:1}:lease', 't');
    expect(await total(coordinator.entries.count())).toBe(2001);
    expect(await total(coordinator.entries.clear([[pattern('user:*')]]))).toBe(2000);
    left.push('aurora:order:1', '{aurora:order:1}:lease');
    expect((await admin.keys('*')).sort()).toEqual(left.sort());
    await other.untilSaid('patterns', 'user:*');
    expect(one.of('patterns')).toEqual([]);
    expect(coordinator.messages.sent).toBe(1);
  });

  it('takes several patterns, and characters that mean something to Redis', async () => {
    const { coordinator } = open();
    const keys = ['ab:1', 'abc:2', 'a*c:3', 'a?c:4', 'a[b]c:5', 'b:6', 'abd:7'];
    await admin.mset(...keys.flatMap((key) => [`aurora:${key}`, '1']));
    expect(await total(coordinator.entries.clear([[pattern('abc:*'), pattern('ab:?')]]))).toBe(2);
    expect(await total(coordinator.entries.clear([[pattern('a\\*c:*')]]))).toBe(1);
    expect(await total(coordinator.entries.clear([[pattern('a\\[b\\]c:*'), pattern('b:6')]]))).toBe(
      2,
    );
    expect((await admin.keys('*')).sort()).toEqual(['aurora:a?c:4', 'aurora:abd:7']);
    expect(await total(coordinator.entries.clear([[]]))).toBe(0);
    expect(await total(coordinator.entries.clear([[pattern('*')]]))).toBe(2);
  });

  it('ends the leases of loads under way before it removes their values', async () => {
    const { coordinator } = open();
    await coordinator.leases.acquire('user:1', 'token', 60_000, BUDGET_MS);
    const steps = coordinator.entries.clear([[pattern('user:*')]])[Symbol.asyncIterator]();
    await steps.next();
    expect(await coordinator.leases.fill('user:1', 'token', 'stale', 60_000)).toBe(false);
    await steps.return?.();
  });

  it('goes step by step even where nothing matches', async () => {
    const { coordinator } = open();
    await admin.eval("for i = 1, 5000 do redis.call('SET', 'foreign:' .. i, 1) end", 0);
    let steps = 0;
    for await (const removed of coordinator.entries.clear([[pattern('*')]])) {
      expect(removed.flat()).toEqual([]);
      steps++;
    }
    expect(steps).toBeGreaterThanOrEqual(10);
  });
});

describe('On a cluster', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });

  afterAll(async () => {
    await (cluster as RedisCluster | undefined)?.stop();
  });

  it('scripts, tags and clearing work on all servers', async () => {
    const client = new Cluster(cluster.nodes);
    closing.push(() => {
      client.disconnect();
    });
    const { coordinator } = open({}, client);
    const left = await neighbours((name) => client.set(name, 'theirs'));
    const keys = Array.from({ length: 300 }, (_, n) => `user:${n}`);
    await Promise.all(
      keys.map(async (key) => {
        expect(await coordinator.leases.acquire(key, 'token', 60_000, BUDGET_MS)).toMatchObject({
          granted: true,
        });
        if (key.endsWith('0')) await coordinator.entries.set(key, 'text', 60_000, BUDGET_MS);
        else if (!key.endsWith('1')) {
          expect(await coordinator.leases.fill(key, 'token', 'text', 60_000)).toBe(true);
        }
      }),
    );
    await coordinator.entries.set('order', 'text', 60_000, BUDGET_MS);
    left.push('aurora:order');
    await client.del('aurora#tags');
    expect(await coordinator.tags.invalidate(['tag'])).toBeGreaterThan(0);
    expect(await total(coordinator.entries.count())).toBe(271);
    expect(await total(coordinator.entries.clear([[pattern('user:*')]]))).toBe(270);
    const found = await Promise.all(cluster.admins.map((node) => node.keys('*')));
    expect(found.flat().sort()).toEqual(left.sort());
    expect(await coordinator.entries.delete(['order'])).toEqual(['text']);
  });

  it('messages arrive whichever node listens, and tracking is refused', async () => {
    const clients = [new Cluster(cluster.nodes), new Cluster(cluster.nodes)];
    closing.push(() => {
      for (const client of clients) client.disconnect();
    });
    const [one, two] = clients.map((client) => open({}, client)) as [Coordinated, Coordinated];
    await one.untilListening();
    await two.untilListening();
    const written = ['a', 'b', 'c', 'd'];
    for (const key of written) {
      await one.coordinator.entries.set(key, 'text', 60_000, BUDGET_MS);
      await two.untilSaid('keys', key);
    }
    // Messages of the tests before may still be on their way between the nodes.
    const heard = one.of('keys').flat() as string[];
    expect(heard.filter((key) => written.includes(key))).toEqual([]);
    expect(one.errors).toEqual([]);
    expect(() => open({ bus: 'tracking' }, clients[0])).toThrow(/'tracking' cannot be used/);
  });
});
