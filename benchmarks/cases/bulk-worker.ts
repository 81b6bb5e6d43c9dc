/** Runs one contestant of the bulk benchmark in a separate process. */
import { deepStrictEqual } from 'node:assert';

import { CacheManager } from 'aurora-cache';
import { Redis, type ChainableCommander } from 'ioredis';

import type { Measured } from '../harness/rounds.js';
import { serve } from '../harness/workers.js';

export type BulkCall = 'setMany' | 'getMany' | 'deleteMany' | 'warm';

/** One call on a number of entries. */
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
  // A long time-out: on a busy machine, a chunk that times out would end the call.
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
  /** Sends a command for each entry; returns its replies. */
  const inChunks = async (
    entries: readonly Entry[],
    send: (pipeline: ChainableCommander, entry: Entry) => unknown,
  ): Promise<unknown[]> => {
    const replies: unknown[] = [];
    for (let i = 0; i < entries.length; i += CHUNK) {
      const pipeline = client.pipeline();
      for (const entry of entries.slice(i, i + CHUNK)) send(pipeline, entry);
      for (const [error, reply] of (await pipeline.exec()) ?? []) {
        if (error !== null) throw error;
        replies.push(reply);
      }
    }
    return replies;
  };
  const nameOf = ({ key }: Entry): string => `bare:${key}`;
  const set: Calls['setMany'] = async (entries) => {
    const replies = await inChunks(entries, (pipeline, one) =>
      pipeline.set(nameOf(one), JSON.stringify(one.value), 'PX', TTL_MS),
    );
    return replies.length;
  };
  return {
    setMany: set,
    getMany: async (entries) => {
      const found = new Map<string, unknown>();
      const texts = await inChunks(entries, (pipeline, one) => pipeline.get(nameOf(one)));
      for (const [i, text] of texts.entries()) {
        if (typeof text === 'string') found.set(entries[i]?.key ?? '', JSON.parse(text));
      }
      return found.size;
    },
    deleteMany: async (entries) => {
      const removed = await inChunks(entries, (pipeline, one) => pipeline.unlink(nameOf(one)));
      return removed.filter((count) => count === 1).length;
    },
    warm: set,
  };
}
