import { MemoryStore } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';

import { keyvConformance } from '../../support/keyv-conformance.js';
import { RedisServer, until } from '../../support/redis/server.js';

describe('RedisStore behind Keyv', () => {
  let server: RedisServer;
  let admin: Redis;

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = new Redis(server.url);
  });

  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  beforeEach(async () => {
    await admin.flushall();
  });

  keyvConformance(() => {
    const store = new RedisStore(server.url);
    return { store, close: () => store.disconnect() };
  });
});

describe('MemoryStore behind Keyv', () => {
  let shared: MemoryStore;

  beforeEach(() => {
    shared = new MemoryStore();
  });

  keyvConformance(() => {
    // A separate adapter, which can be given another namespace, over the same entries.
    const store = Object.create(shared, {
      namespace: { value: undefined, writable: true },
    }) as object;
    return { store, close: () => Promise.resolve() };
  });
});

describe('Keyv over a RedisStore whose server is gone', () => {
  let server: RedisServer;
  let store: RedisStore;
  let errors: unknown[];

  const make = (throwOnErrors: boolean): Keyv => {
    const keyv = new Keyv({ store, namespace: 'ns', throwOnErrors });
    keyv.on('error', (error: unknown) => errors.push(error));
    return keyv;
  };

  beforeEach(async () => {
    errors = [];
    server = await RedisServer.start();
    store = new RedisStore(server.url);
  });

  afterEach(async () => {
    await store.disconnect();
    await server.stop();
  });

  it('swallows failures and reports them as events', async () => {
    const keyv = make(false);
    await keyv.set('foo', 'bar');
    await server.kill();
    expect(await keyv.get('foo')).toBeUndefined();
    expect(await keyv.set('foo', 'new')).toBe(false);
    expect(await keyv.delete('foo')).toBe(false);
    expect(await keyv.deleteMany(['foo'])).toBe(false);
    expect(await keyv.clear()).toBeUndefined();
    expect(errors.length).toBeGreaterThanOrEqual(4);
  });

  it('throws with throwOnErrors, and does not wait', async () => {
    const keyv = make(true);
    await keyv.set('foo', 'bar');
    await server.kill();
    const start = performance.now();
    await expect(keyv.get('foo')).rejects.toThrow();
    await expect(keyv.getMany(['foo', 'bar'])).rejects.toThrow();
    await expect(keyv.set('foo', 'new')).rejects.toThrow();
    await expect(keyv.setMany([{ key: 'foo', value: 'new' }])).rejects.toThrow();
    await expect(keyv.delete('foo')).rejects.toThrow();
    await expect(keyv.deleteMany(['foo'])).rejects.toThrow();
    await expect(keyv.has('foo')).rejects.toThrow();
    await expect(keyv.clear()).rejects.toThrow();
    // Not a benchmark: a client that queues would wait for the server, or for its own patience.
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('works again with the server, and what failed has not been done behind its back', async () => {
    const keyv = make(true);
    await keyv.set('foo', 'bar');
    await server.kill();
    await expect(keyv.set('foo', 'while away')).rejects.toThrow();
    await server.up();
    await until('the store is connected', async () => {
      const answer: unknown = await keyv.get('foo').catch(() => 'away');
      return answer !== 'away';
    });
    expect(await keyv.get('foo')).toBeUndefined();
    expect(await keyv.set('foo', 'new')).toBe(true);
    expect(await keyv.get('foo')).toBe('new');
  });
});
