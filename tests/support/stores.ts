import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';

import KeyvRedis from '@keyv/redis';
import { MemoryStore, type CacheStore } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { FaultStore } from 'aurora-cache/testing';
import { Redis } from 'ioredis';
import Keyv from 'keyv';
import { KeyvFile } from 'keyv-file';

/** A store on the machine's clock, and how to close what it stands on. */
export interface OpenStore {
  readonly store: CacheStore;
  readonly close: () => Promise<void>;
}

/** The other way, @keyv/redis waits for ever where the server is gone. */
const BY_FORCE = true;

const nothing = (): Promise<void> => Promise.resolve();

/** Compresses every value, as Keyv's `compression` is meant to be used. */
export const keyvCompression = {
  compress: (value: unknown): Promise<string> =>
    Promise.resolve(deflateSync(JSON.stringify(value)).toString('base64')),
  decompress: (text: string): Promise<unknown> =>
    Promise.resolve(JSON.parse(inflateSync(Buffer.from(text, 'base64')).toString())),
};

function file(): { store: KeyvFile; close: () => Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-keyv-file-'));
  const store = new KeyvFile({ filename: join(folder, 'store.json'), writeDelay: 1 });
  const close = async (): Promise<void> => {
    // Its writes in the background would create the folder again.
    await store.delete('');
    rmSync(folder, { recursive: true, force: true });
  };
  return { store, close };
}

/** The stores that a cache can be given, each empty; those of Redis share an empty server. */
export const stores = (url: () => string): Readonly<Record<string, () => OpenStore>> => ({
  'a Map': () => ({ store: new Map(), close: nothing }),
  MemoryStore: () => ({ store: new MemoryStore() as CacheStore, close: nothing }),
  FaultStore: () => ({ store: new FaultStore() as CacheStore, close: nothing }),
  'keyv-file': file,
  'RedisStore on a URL': () => {
    const store = new RedisStore(url());
    return { store: store as CacheStore, close: () => store.disconnect() };
  },
  "RedisStore on the caller's client": () => {
    const client = new Redis(url());
    const close = async (): Promise<void> => {
      client.disconnect();
      await nothing();
    };
    return { store: new RedisStore(client) as CacheStore, close };
  },
  '@keyv/redis': () => {
    const store = new KeyvRedis(url());
    return { store, close: () => store.disconnect(BY_FORCE) };
  },
  'a Keyv over a Map': () => ({ store: new Keyv({ store: new Map() }), close: nothing }),
  'a Keyv over a Map, with compression and a serializer': () => {
    const store = new Keyv({
      store: new Map(),
      compression: keyvCompression,
      serialize: (data) => `own:${JSON.stringify(data)}`,
      deserialize: (text) => JSON.parse(text.slice('own:'.length)) as never,
    });
    return { store, close: nothing };
  },
  'a Keyv over RedisStore': () => {
    const inner = new RedisStore(url());
    const store = new Keyv({ store: inner, namespace: 'kv', throwOnErrors: true });
    return { store, close: () => inner.disconnect() };
  },
  'a Keyv over @keyv/redis, which throws': () => {
    const inner = new KeyvRedis(url(), { throwOnErrors: true });
    const store = new Keyv({ store: inner, namespace: 'kv', throwOnErrors: true });
    return { store, close: () => inner.disconnect(BY_FORCE) };
  },
  'a Keyv over @keyv/redis, which does not throw': () => {
    const inner = new KeyvRedis(url());
    const store = new Keyv({ store: inner, namespace: 'kv' });
    return { store, close: () => inner.disconnect(BY_FORCE) };
  },
});
