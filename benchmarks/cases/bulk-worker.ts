/** Runs one contestant of the bulk benchmark in a separate process. */
import { deepStrictEqual } from 'node:assert';

import { CacheManager } from 'aurora-cache';
import { Redis } from 'ioredis';

import type { Measured } from '../harness/rounds.js';
import { serve } from '../harness/workers.js';

export type BulkCall = 'setMany' | 'getMany' | 'deleteMany' | 'warm';

/** One call on so many entries. */
export interface BulkQuestion {
  readonly call: BulkCall;
  readonly entries: number;
}

interface Entry {
  readonly key: string;
  readonly value: { readonly id: number; readonly name: string; readonly active: boolean };
}

type Calls = Readonly<Record<BulkCall, (entries: readonly Entry[]) => Promise<number>>>;

const CHUNK = 1000;
const TTL_MS = 3_600_000;

const [url = '', contestant] = process.argv.slice(2);
const calls = contestant === 'ours' ? ours() : bare();

serve(async (question): Promise<Measured> => {
  const { call, entries: count } = JSON.parse(question) as BulkQuestion;
  const entries = Array.from({ length: count }, (_, id) => ({
    key: `row:${String(id)}`,
    value: { id, name: `Name of ${String(id)}, ${'x'.repeat(60)}`, active: true },
  }));
  if (call === 'getMany' || call === 'deleteMany') await calls.setMany(entries);
  const start = process.hrtime.bigint();
  const done = await calls[call](entries);
  const nanoseconds = Number(process.hrtime.bigint() - start);
  deepStrictEqual(done, count, `${String(contestant)}, ${call}`);
  return { nanoseconds };
});

function ours(): Calls {
  // Patient: on a machine that is busy otherwise, a chunk that is given up would end the call.
  const cache = new CacheManager({ redisUrl: url, namespace: 'bulk', storeTimeout: '20s' });
  const ttl = '1h';
  return {
    setMany: async (entries) =>
      (await cache.setMany(entries.map((entry) => ({ ...entry, ttl })))).stored,
    getMany: async (entries) => (await cache.getMany(entries.map(({ key }) => key))).size,
    deleteMany: async (entries) => await cache.deleteMany(entries.map(({ key }) => key)),
    warm: async (entries) => (await cache.warm(entries.map((one) => ({ ...one, ttl })))).warmed,
  };
}

function bare(): Calls {
  const client = new Redis(url, { enableAutoPipelining: false });
  const inChunks = async (
    entries: readonly Entry[],
    run: (some: readonly Entry[]) => Promise<number>,
  ): Promise<number> => {
    let done = 0;
    for (let i = 0; i < entries.length; i += CHUNK) done += await run(entries.slice(i, i + CHUNK));
    return done;
  };
  const nameOf = ({ key }: Entry): string => `bare:${key}`;
  const set: Calls['setMany'] = (entries) =>
    inChunks(entries, async (some) => {
      const pipeline = client.pipeline();
      for (const one of some) pipeline.set(nameOf(one), JSON.stringify(one.value), 'PX', TTL_MS);
      return ((await pipeline.exec()) ?? []).filter(([error]) => error === null).length;
    });
  return {
    setMany: set,
    getMany: async (entries) => {
      const found = new Map<string, unknown>();
      await inChunks(entries, async (some) => {
        const texts = await client.mget(some.map(nameOf));
        for (const [i, text] of texts.entries()) {
          if (text !== null) found.set(some[i]?.key ?? '', JSON.parse(text));
        }
        return some.length;
      });
      return found.size;
    },
    deleteMany: (entries) => inChunks(entries, (some) => client.unlink(some.map(nameOf))),
    warm: set,
  };
}
