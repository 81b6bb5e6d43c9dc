import { CacheManager } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { ManualClock } from 'aurora-cache/testing';
import { Redis } from 'ioredis';

import { CommandWatch } from '../../../src/redis/connection/command-watch.js';
import { RedisServer, stopServers, until } from '../../support/redis/server.js';

let server: RedisServer;
let client: Redis;
let clock: ManualClock;

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(async () => {
  await stopServers();
});

beforeEach(async () => {
  clock = new ManualClock();
  client = new Redis(server.url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => 10,
  });
  client.on('error', () => undefined);
  new CommandWatch(client, undefined, clock);
  await client.connect();
  // The commands of the connection itself.
  await clock.advance('5s');
});

afterEach(async () => {
  client.disconnect();
  server.thaw();
  const admin = new Redis(server.url);
  await admin.flushall();
  admin.disconnect();
});

const happened = (event: 'close' | 'ready'): Promise<void> =>
  new Promise((resolve) => client.once(event, resolve));

/** Tracks the outcome of a command. */
function outcome(command: Promise<unknown>): { state: string } {
  const seen = { state: 'pending' };
  command.then(
    (value) => (seen.state = `answer ${String(value)}`),
    (error: Error) => (seen.state = error.message),
  );
  return seen;
}

const streamOf = (redis: Redis): { isRefed: () => boolean; destroyed: boolean } => {
  const { stream } = redis as unknown as {
    stream: { _handle?: { hasRef(): boolean }; destroyed: boolean };
  };
  return { isRefed: () => stream._handle?.hasRef() === true, destroyed: stream.destroyed };
};

it('gives a command up after a second, not before, and hears the next one', async () => {
  server.freeze();
  const early = outcome(client.get('a'));
  await clock.advance('200ms');
  const late = outcome(client.get('b'));
  await clock.advance('800ms');
  expect([early.state, late.state]).toEqual(['pending', 'pending']);
  await clock.advance('250ms');
  expect(early.state).toBe('Command timed out');
  await clock.advance('250ms');
  expect(late.state).toBe('Command timed out');
  server.thaw();
  expect(await client.set('a', 1)).toBe('OK');
  // A late reply must not be taken for that of another command.
  expect(await client.get('a')).toBe('1');
});

it('opens another connection if a reply is due and none comes', async () => {
  server.freeze();
  const closed = happened('close');
  const asked = outcome(client.get('a'));
  await clock.advance('2s');
  expect(asked.state).toBe('Command timed out');
  expect(streamOf(client).destroyed).toBe(false);
  await clock.advance('250ms');
  await closed;
  server.thaw();
  await happened('ready');
  expect(await client.get('a')).toBeNull();
});

it('takes other limits, which RedisStore finds in the options of ioredis', async () => {
  const other = new Redis(server.url, { lazyConnect: true });
  new CommandWatch(other, { commandMs: 5000, silenceMs: 20_000 }, clock);
  await other.connect();
  await clock.advance('5s');
  const store = new RedisStore({ port: server.port, commandTimeout: 60, socketTimeout: 10_000 });
  const byDefault = new RedisStore(server.url);
  // Redis itself may take longer than that on a busy machine.
  await until('it reads', async () => {
    return (await store.get('a').catch(() => 'too late')) === undefined;
  });
  expect(await byDefault.get('a')).toBeUndefined();
  server.freeze();
  const patient = outcome(other.get('a'));
  await clock.advance('5s');
  expect(patient.state).toBe('pending');
  await clock.advance('1250ms');
  expect(patient.state).toBe('Command timed out');
  // Of two concurrent commands, the one with the default continues to wait.
  const usual = outcome(byDefault.get('a'));
  await expect(store.get('a')).rejects.toThrow('Command timed out');
  expect(usual.state).toBe('pending');
  server.thaw();
  await byDefault.disconnect();
  other.disconnect();
  await store.disconnect();
});

it('waits for as long as the most patient cache on the connection', async () => {
  const other = new Redis(server.url, { lazyConnect: true });
  other.on('error', () => undefined);
  const watch = new CommandWatch(other, undefined, clock);
  await other.connect();
  await clock.advance('5s');
  watch.extendTimeout(5000);
  watch.extendTimeout(500);
  server.freeze();
  const asked = outcome(other.get('a'));
  await clock.advance('5s');
  expect([asked.state, streamOf(other).destroyed]).toEqual(['pending', false]);
  await clock.advance('500ms');
  expect(asked.state).toBe('Command timed out');
  server.thaw();
  other.disconnect();
});

it('lets a cache wait for its storeTimeout, unless its options say otherwise', async () => {
  const caches = [
    new CacheManager({ redisUrl: server.url, namespace: 'patient', storeTimeout: '3s' }),
    new CacheManager({
      redis: { port: server.port, commandTimeout: 60 },
      namespace: 'hasty',
      storeTimeout: '3s',
    }),
  ];
  for (const cache of caches) await cache.set('key', 1);
  const writes = caches.map((cache) => cache.set('key', 2));
  server.freeze();
  const reads = caches.map((cache) => outcome(cache.has('other')));
  await until('the hasty one gives up', async () => reads[1]?.state === 'answer false');
  // Longer than a client waits by itself.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(reads[0]?.state).toBe('pending');
  server.thaw();
  await until('the other has its reply', async () => reads[0]?.state === 'answer false');
  await Promise.all(writes);
  for (const cache of caches) await cache.close();
});

it('keeps a connection that says something now and then', async () => {
  const before = client.listenerCount('close');
  let closed = 0;
  client.on('close', () => closed++);
  for (let i = 0; i < 20; i++) {
    // One that waits all the time, and others that get replies: a separate client unblocks it.
    const blocked = client.blpop('nothing', 0);
    const refused = expect(blocked).rejects.toThrow('Command timed out');
    await clock.advance('1250ms');
    await refused;
    const other = new Redis(server.url);
    await other.rpush('nothing', 'x');
    other.disconnect();
    expect(await client.ping()).toBe('PONG');
  }
  expect(closed).toBe(0);
  expect(client.listenerCount('close')).toBe(before + 1);
});

it('does not blame a command for an event loop that was blocked', async () => {
  const real = new Redis(server.url, { lazyConnect: true });
  new CommandWatch(real, { commandMs: 250, silenceMs: 500 });
  await real.connect();
  const asked = real.get('a');
  const end = performance.now() + 600;
  while (performance.now() < end);
  // The reply has arrived, and was not read.
  expect(await asked).toBeNull();
  real.disconnect();
});

it('ticks while commands are under way, and no longer', async () => {
  expect(clock.pending).toBe(0);
  await client.get('a');
  expect(clock.pending).toBe(1);
  await clock.advance('250ms');
  expect(clock.pending).toBe(0);
  for (let i = 0; i < 1000; i++) await client.get('a');
  expect(clock.pending).toBe(1);
});

it('holds the process while commands are under way, and no longer', async () => {
  const asked = client.get('a');
  expect(streamOf(client).isRefed()).toBe(true);
  await asked;
  await new Promise((resolve) => setImmediate(resolve));
  expect(streamOf(client).isRefed()).toBe(false);
});

it('leaves a connection alone that is gone', async () => {
  const gone = new Redis(server.url, { lazyConnect: true, enableOfflineQueue: false });
  gone.on('error', () => undefined);
  const watch = new CommandWatch(gone, undefined, clock);
  await gone.connect();
  const { stream } = gone as unknown as { stream: NodeJS.EventEmitter & { destroy(): void } };
  stream.destroy();
  const refused = await Promise.allSettled(Array.from({ length: 20 }, () => gone.get('a')));
  expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
  expect(stream.listenerCount('connect')).toBe(0);
  expect(watch.length).toBe(0);
  gone.disconnect();
});

it('keeps no list of what is settled, however many are never all of them', async () => {
  const watched = new Redis(server.url, { lazyConnect: true });
  const watch = new CommandWatch(watched, undefined, clock);
  await watched.connect();
  let asked = 0;
  let longest = 0;
  const caller = async (): Promise<void> => {
    while (asked++ < 20_000) {
      await watched.ping();
      longest = Math.max(longest, watch.length);
    }
  };
  await Promise.all(Array.from({ length: 10 }, caller));
  // Of a tenth of the commands at most.
  expect(longest).toBeLessThan(2000);
  expect(watch.length).toBe(0);
  watched.disconnect();
});
