/** One contestant of hits in Redis, in a separate process. */
import { cached, CacheManager } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { Redis } from 'ioredis';

import { inFlight } from '../harness/loops.js';
import { profiled } from '../harness/profile.js';
import { proven, rivalsWith } from '../harness/rivals.js';
import { serve } from '../harness/workers.js';
import type { RivalCache } from '../rivals/rival.js';
import { BASE, OURS, row, type HitRequest } from './redis-row.js';

const [, , name = '', url = '', items = '', note = '', rows = ''] = process.argv;

const ids = Array.from({ length: Number(rows) }, (_, id) => id);
const cache = await chosen();
const load = (id: number): Promise<object> =>
  Promise.resolve(row(id, { items: Number(items), note: Number(note) }));
const { call, verify } = await proven(name, cache, ids, load, String);
const loops = new Map<number, (times: number) => unknown>();

serve(async (question) => {
  const { width, times, profile } = JSON.parse(question) as HitRequest;
  let hit = loops.get(width);
  // Compiled separately for each width, so that type feedback of one does not slow the other.
  if (hit === undefined) loops.set(width, (hit = inFlight(width, ids, call)));
  if (profile === undefined) await hit(times);
  const table = profile && (await profiled(profile.title, () => hit(times), profile.bench));
  verify();
  return table;
});

async function chosen(): Promise<RivalCache> {
  if (name === BASE) return bare();
  if (name === OURS) return ours();
  const rival = (await rivalsWith('inRedis')).find((candidate) => candidate.name === name);
  if (rival === undefined) throw new Error(`There is no rival '${name}'.`);
  return await rival.inRedis(url);
}

/** Hand-written code: the bare client, without batching. */
function bare(): RivalCache {
  const client = new Redis(url);
  return {
    memoize:
      <T>(_: string, load: (item: T) => Promise<object>, keyOf: (item: T) => string) =>
      async (item: T) => {
        const key = `bare:${keyOf(item)}`;
        const known = await client.get(key);
        if (known !== null) return JSON.parse(known) as object;
        const value = await load(item);
        await client.set(key, JSON.stringify(value), 'EX', 3600);
        return value;
      },
  };
}

function ours(): RivalCache {
  const store = new RedisStore(url);
  // A long time-out: on a busy machine, a read that times out would become a load.
  const patience = { storeTimeout: '20s' } as const;
  const cache = new CacheManager({
    store,
    namespace: 'bench',
    memory: false,
    defaultTtl: '1h',
    ...patience,
  });
  return { memoize: (name, load) => cached(load, { name, cache }) };
}
