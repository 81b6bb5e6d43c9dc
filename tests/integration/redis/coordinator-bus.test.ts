import { inspect } from 'node:util';

import { Cluster, Redis } from 'ioredis';

import { systemClock, type Clock } from '../../../src/base/time/clock.js';
import type { BusKind, CoordinatorOptions } from '../../../src/store/coordinator.js';
import { closedAfterEach } from '../../support/closing.js';
import { RedisCluster } from '../../support/redis/cluster.js';
import { Coordinated, pattern, total } from '../../support/redis/coordinated.js';
import { Proxy } from '../../support/redis/proxy.js';
import { SentinelGroup } from '../../support/redis/sentinel.js';
import { RedisServer, until } from '../../support/redis/server.js';
import { shareServer } from '../../support/redis/shared-server.js';
import { SecureServer } from '../../support/redis/tls.js';

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

async function proxied(): Promise<Proxy> {
  const proxy = await Proxy.start(server.port);
  closing.push(() => proxy.stop());
  return proxy;
}

/** Connections that listen, as the server sees them. */
async function listeners(on = admin): Promise<string[]> {
  const list = String(await on.call('CLIENT', 'LIST', 'TYPE', 'pubsub'));
  return list.split('\n').filter((line) => line !== '');
}

/** Ends every connection that listens. */
async function killListeners(): Promise<void> {
  for (const line of await listeners()) {
    const id = /\bid=(\d+)/.exec(line)?.[1] ?? '';
    await admin.call('CLIENT', 'KILL', 'ID', id);
  }
}

/** A round trip on both connections, after which earlier messages have arrived. */
async function settled(...all: Coordinated[]): Promise<void> {
  const key = `settled:${Math.random()}`;
  await admin.publish('aurora#bus', JSON.stringify({ v: 1, origin: '', kind: 'release', key }));
  for (const one of all) await one.untilSaid('leaseEnd', key);
}

describe.each<BusKind>(['tracking', 'pubsub'])('By %s', (bus) => {
  it('caches hear what others write, clear and invalidate', async () => {
    const one = await open({ bus }).untilListening();
    const two = await open({ bus }).untilListening();
    const before = [one.coordinator.messages, two.coordinator.messages].map((m) => m.received);
    expect(before).toEqual([0, 0]);
    await one.coordinator.entries.set('set', 'text', 60_000, BUDGET_MS);
    await one.coordinator.entries.delete(['set']);
    await one.coordinator.leases.acquire('filled', 'token', 60_000, BUDGET_MS);
    await one.coordinator.leases.fill('filled', 'token', 'text', 60_000);
    const version = await one.coordinator.tags.invalidate(['tag', 'größe']);
    await total(one.coordinator.entries.clear([[pattern('a:*'), pattern('[bc]:?')]]));
    await settled(one, two);

    const keys = two.of('keys').flat();
    expect(new Set(keys)).toEqual(new Set(['set', 'filled']));
    expect(new Set(two.of('leaseEnd').flat().slice(0, 3))).toEqual(new Set(['set', 'filled']));
    expect(two.of('tags')).toEqual([[['tag', 'größe'], version]]);
    expect(two.of('patterns')).toEqual([['a:*', '[bc]:?']]);
    // One's own: the leases' ends, and what the server cannot tell from what others do.
    expect(one.of('keys').length > 0).toBe(bus === 'tracking');
    expect(one.of('leaseEnd').length).toBe(two.of('leaseEnd').length);
    expect([one.of('tags'), one.of('patterns')]).toEqual([[], []]);
    expect(one.coordinator.messages.sent).toBe(5);
    expect(two.coordinator.messages.received).toBeGreaterThanOrEqual(6);
    expect([...one.errors, ...two.errors]).toEqual([]);
  });

  it('begins with a reset, and again after its connection was cut', async () => {
    const one = await open({ bus }).untilListening();
    expect(one.said.map(([what]) => what).filter((what) => what !== 'change')).toEqual(['reset']);
    await killListeners();
    await one.untilListening(2);
    // Once at the start, and once before it said that it listens again.
    const reported = one.said.map(([what]) => what);
    expect(one.of('reset')).toHaveLength(2);
    expect(reported.at(-1)).toBe('change');
    expect(reported.at(-2)).toBe('reset');
    expect(one.resets).toEqual([false, false]);
    expect(one.listening.slice(-3)).toEqual([true, false, true]);
    // Really armed again.
    if (bus === 'tracking') {
      await admin.set('aurora:foreign', 'text');
      await one.untilSaid('keys', 'foreign');
    }
    const other = await open({ bus }).untilListening();
    await other.coordinator.entries.set('key', 'text', 60_000, BUDGET_MS);
    await one.untilSaid('keys', 'key');
    expect(one.errors).toEqual([]);
  });

  it('takes what it does not understand for a loss, and lives', async () => {
    const one = await open({ bus, origin: 'one' }).untilListening();
    const garbage = [
      ...['', 'null', '[]', '{', '"text"', '{"v":1}', '\u0000\xff'],
      '{"v":2,"origin":"x","kind":"set","key":"key"}',
      '{"v":1,"origin":"x","kind":"set"}',
      '{"v":1,"origin":"x","kind":"tags","tags":["a"],"version":"9"}',
      '{"v":1,"origin":"x","kind":"clear","patterns":[1]}',
      '{"v":1,"origin":"x","kind":"unheard of"}',
    ];
    for (const text of garbage) await admin.publish('aurora#bus', text);
    await admin.publish('aurora#bus:one', 'garbage');
    // It sends no probe.
    await admin.publish('aurora#bus:one', '{"v":1,"origin":"one","kind":"probe","id":-1}');
    await settled(one);
    expect(one.of('reset')).toHaveLength(1 + garbage.length + 1);
    expect([one.of('keys'), one.of('tags'), one.of('patterns')]).toEqual([[], [], []]);
    expect(one.coordinator.isListening).toBe(true);
  });

  it('notices a connection that is open and dead, and makes a new one', async () => {
    const proxy = await proxied();
    const one = await open({ bus }, proxy.url).untilListening();
    expect(proxy.count('bus')).toBe(1);
    proxy.pause('bus');
    await admin.set('aurora:key', 'text');
    await one.untilDeaf();
    expect(one.coordinator.isConnected).toBe(true);
    await one.coordinator.entries.set('key', 'text', 60_000, BUDGET_MS);
    await until('the error is reported', async () => one.errors.length > 0);
    // However many attempts are made.
    const attempts = proxy.accepted;
    await until('it has tried again', async () => proxy.accepted >= attempts + 2);
    expect(one.errors[0]).toMatch(/^Redis: messages do not arrive/);
    expect(new Set(one.errors).size).toBe(one.errors.length);
    proxy.resume();
    await one.untilListening(2);
    expect(one.resets).toEqual([false, false]);
    await until('only one connection is left', async () => (await listeners()).length === 1);
  });

  it('is not taken for dead because the process was busy', async () => {
    let rounds = 0;
    const block = (): void => {
      for (const end = performance.now() + 1500; performance.now() < end;);
    };
    const setTimeout: Clock['setTimeout'] = (callback, ms) =>
      systemClock.setTimeout(() => {
        callback();
        // A probe is on its way: by the time that its echo can be read, it has been awaited for long.
        if (ms === 1000 && ++rounds === 1) setImmediate(block);
      }, ms);
    const one = await open({ bus, clock: { ...systemClock, setTimeout } }).untilListening();
    await until('the probe was judged', async () => rounds >= 3);
    expect(one.of('reset')).toHaveLength(1);
    // Nor are its commands late, within less than it was blocked for.
    await one.coordinator.entries.set('key', 'text', 60_000, 1400);
  });

  it('does not listen to a server that commands have left, as in a failover', async () => {
    const promoted = await RedisServer.start();
    closing.push(() => promoted.stop());
    const proxy = await proxied();
    const one = await open({ bus }, proxy.url).untilListening();
    const changes = one.listening.length;
    proxy.target = promoted.port;
    proxy.drop('commands');
    await one.untilListening(2);
    // Never in between: each moment of it would be one in which an invalidation is missed.
    expect(one.listening.slice(changes).filter(Boolean)).toEqual([true]);
    expect(one.resets).toEqual([false, false]);
    const other = await open({ bus }, promoted.url).untilListening();
    await other.coordinator.entries.set('key', 'text', 60_000, BUDGET_MS);
    await one.untilSaid('keys', 'key');
    await until('the connection to the former server is closed', async () => {
      return (await listeners()).length === 0;
    });
  });

  it('goes on after the server was away', async () => {
    const mortal = await RedisServer.start();
    const one = await open({ bus }, mortal.url).untilListening();
    await mortal.kill();
    await one.untilDeaf();
    await until('the loss is noticed', async () => !one.coordinator.isConnected);
    await mortal.up();
    await one.untilListening();
    expect(one.of('reset')).toHaveLength(2);
    // The store reports the outage; the bus need not.
    expect(one.errors).toEqual([]);
  });

  it('uses a client of the caller without changing it', async () => {
    const client = new Redis(server.url, { retryStrategy: () => 10, connectionName: 'theirs' });
    closing.push(() => {
      client.disconnect();
    });
    const options = inspect(client.options);
    const one = await open({ bus }, client).untilListening();
    await one.coordinator.entries.set('key', 'text', 60_000, BUDGET_MS);
    await one.close();
    expect(client.status).toBe('ready');
    expect(inspect(client.options)).toBe(options);
    await until('the bus is closed', async () => (await listeners()).length === 0);
    // Those of the store's own connection stay; the coordinator's are gone.
    const { store } = new Coordinated(client);
    const before = client.listenerCount('ready');
    const more = store.coordinate({ ...quiet, bus });
    more.close();
    expect(client.listenerCount('ready')).toBe(before);
    client.disconnect();
    await until('no subscriber is left', async () => (await listeners()).length === 0);
  });

  it('waits with a lazy client until the client is used', async () => {
    const client = new Redis(server.url, { lazyConnect: true });
    closing.push(() => {
      client.disconnect();
    });
    const one = open({ bus }, client);
    expect(client.status).toBe('wait');
    await one.coordinator.entries.set('key', 'text', 60_000, BUDGET_MS);
    await one.untilListening();
  });
});

const quiet: CoordinatorOptions = {
  namespace: 'aurora',
  origin: 'quiet',
  clock: systemClock,
  hasMemory: true,
  bus: undefined,
  listener: {
    onKeys: () => undefined,
    onTags: () => undefined,
    onPatterns: () => undefined,
    awaitsLease: false,
    onLeaseEnd: () => undefined,
    onReset: () => undefined,
    onChange: () => undefined,
    onError: () => undefined,
  },
};

describe('Tracking', () => {
  it('reports every change to a value of the namespace, by any client', async () => {
    const one = await open().untilListening();
    await admin.set('aurora:set', 'text');
    await one.untilSaid('keys', 'set');
    await admin.del('aurora:set');
    await until('the removal is reported', async () => one.of('keys').length === 2);
    await admin.set('aurora:expired', 'text', 'PX', 30);
    await until('the expiry is reported', async () => {
      return one.of('keys').filter(([key]) => key === 'expired').length === 2;
    });
    await admin.hset('aurora:größe:😀', 'field', 1);
    await one.untilSaid('keys', 'größe:😀');
    await admin.mset('aurorab:key', '1', 'key', '1', '{aurora:key}:lease', '1', 'aurora#tags', '1');
    await settled(one);
    expect(one.of('keys').flat()).not.toContain('key');
    expect(one.of('reset')).toHaveLength(1);

    const version = one.coordinator.lastTagClock;
    expect(version).toBeUndefined();
    await admin.del('aurora#tags');
    await one.coordinator.tags.invalidate(['tag']);
    await admin.flushdb();
    await until('it subscribes again', async () => one.of('reset').length === 2);
    expect(one.coordinator.isListening).toBe(true);
    // A reply from before may have brought it once more.
    await until('it is unknown', () => Promise.resolve(one.coordinator.lastTagClock === undefined));
  });

  it('is not requested without memory', async () => {
    const one = await open({ hasMemory: false }).untilListening();
    expect(String(await admin.client('LIST'))).not.toMatch(/flags=\w*t/);
    await admin.set('aurora:key', 'text');
    await settled(one);
    expect(one.of('keys')).toEqual([]);
  });

  it.each([
    ['the command', ['-client|tracking'], []],
    ['its channel', [], ['resetchannels', '&aurora#*']],
  ])('gives way to messages for a user who may not use %s', async (_, commands, channels) => {
    const rules = ['~*', '&*', '+@all', ...commands, ...channels];
    await admin.acl('SETUSER', 'limited', 'reset', 'on', '>secret', ...rules);
    closing.push(() => admin.acl('DELUSER', 'limited'));
    const url = `redis://limited:secret@127.0.0.1:${server.port}`;
    const one = await open({}, url).untilListening();
    expect(one.errors).toEqual([
      expect.stringMatching(/^Redis: CLIENT TRACKING is not available.*NOPERM/),
    ]);
    await killListeners();
    await one.untilListening(2);
    expect(one.errors).toHaveLength(1);
    const other = await open().untilListening();
    await other.coordinator.entries.set('key', 'text', 60_000, BUDGET_MS);
    await one.untilSaid('keys', 'key');
  });

  it('works over TLS for a user who is limited to the namespace', async () => {
    const secure = await SecureServer.start();
    closing.push(() => secure.stop());
    const one = await open({}, secure.options).untilListening();
    const { coordinator } = one;
    await secure.admin.set('aurora:foreign', 'text');
    await one.untilSaid('keys', 'foreign');
    await coordinator.leases.acquire('key', 'token', 60_000, BUDGET_MS);
    expect(await coordinator.leases.renew('key', 'token', 60_000)).toBe(true);
    expect(await coordinator.leases.fill('key', 'token', 'text', 60_000)).toBe(true);
    await coordinator.leases.release('key', 'token');
    await coordinator.entries.set('key', 'text', 60_000, BUDGET_MS);
    const version = await coordinator.tags.invalidate(['tag']);
    expect((await coordinator.tags.versions(['tag'])).versions).toEqual([version]);
    expect(await total(coordinator.entries.count())).toBe(2);
    expect(await total(coordinator.entries.clear([[pattern('*')]]))).toBe(2);
    expect(one.errors).toEqual([]);
  });

  it('goes over to the new primary after a failover', async () => {
    const sentinel = await SentinelGroup.start();
    closing.push(() => sentinel.stop());
    const one = await open({}, sentinel.options).untilListening();
    await sentinel.failOver();
    await one.untilListening(2);
    const primary = new Redis((await sentinel.primary()).url);
    closing.push(() => {
      primary.disconnect();
    });
    await primary.set('aurora:key', 'text');
    await one.untilSaid('keys', 'key');
    // The connection for commands may take longer to go over than the one that listens.
    await until('a write succeeds', () =>
      one.coordinator.entries.set('other', 'text', 60_000, BUDGET_MS).then(
        () => true,
        () => false,
      ),
    );
    await one.untilSaid('leaseEnd', 'other');
  });
});

describe('A bus that may not be', () => {
  it('is reported once, and everything else works', async () => {
    const rules = ['~*', '+@all', 'resetchannels'];
    await admin.acl('SETUSER', 'mute', 'reset', 'on', '>secret', ...rules);
    closing.push(() => admin.acl('DELUSER', 'mute'));
    const proxy = await proxied();
    const url = `redis://mute:secret@127.0.0.1:${proxy.port}`;
    const one = open({}, url);
    await until('it has tried again', async () => proxy.accepted >= 4);
    expect(one.errors).toEqual([expect.stringMatching(/^Redis: NOPERM/)]);
    expect(inspect(one.said, { depth: 9 })).not.toContain('secret');
    expect(one.coordinator.isListening).toBe(false);
    // Stored, but not published.
    await expect(one.coordinator.entries.set('key', 'text', 60_000, BUDGET_MS)).rejects.toThrow(
      /can't publish|NOPERM/,
    );
    expect(await admin.get('aurora:key')).toBe('text');
    expect(await one.coordinator.leases.acquire('key', 'token', 60_000, BUDGET_MS)).toMatchObject({
      granted: true,
    });
  });
});

describe('On a cluster', () => {
  it('the bus makes a new connection, to any node, when its own is cut', async () => {
    const cluster = await RedisCluster.start();
    closing.push(() => cluster.stop());
    const client = new Cluster(cluster.nodes);
    closing.push(() => {
      client.disconnect();
    });
    const one = await open({}, client).untilListening();
    const counts = await Promise.all(cluster.admins.map((node) => listeners(node)));
    // The cluster client adds its own listeners, for messages of the cluster that have no channel.
    const at = counts.findIndex((lines) => lines.some((line) => line.includes(' sub=2 ')));
    const id = /\bid=(\d+)/.exec(counts[at]?.find((line) => line.includes(' sub=2 ')) ?? '')?.[1];
    await cluster.admins[at]?.call('CLIENT', 'KILL', 'ID', id ?? '');
    await one.untilListening(2);
    expect(one.of('reset')).toHaveLength(2);
  });
});
