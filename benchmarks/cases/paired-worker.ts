/** Runs one workload on one build in a separate process. */
import { deepStrictEqual } from 'node:assert';

import { loadMain, loadRedis } from '../harness/builds.js';
import { inFlight, oneByOne } from '../harness/loops.js';
import type { Measured } from '../harness/rounds.js';
import { serve } from '../harness/workers.js';
import { row } from './redis-row.js';

/** The workload of a process. */
export interface PairedSetup {
  /** Root of the build. */
  readonly folder: string;
  readonly work: 'memory-hit' | 'memory-miss' | 'set' | 'first-load' | 'redis-hit';
  /** Of the Redis, for `redis-hit`. */
  readonly url?: string;
}

/** Number of operations. */
export interface PairedQuestion {
  readonly times: number;
  /** Calls in flight; Redis hits alone have more than one. */
  readonly width: number;
  /**
   * Takes the time that passes, the server's included, instead of the processor time of this process,
   * which hardly depends on what else the machine does.
   */
  readonly isLatency?: boolean;
  /** Hand-written code instead of the build. */
  readonly isByHand?: boolean;
  /** Loads one value, and does nothing else. */
  readonly load?: boolean;
}

interface User {
  readonly id: string;
  readonly name: string;
}

type Loop = (times: number) => unknown;

const HOT_KEYS = 1000;
/** More than are ever in flight: callers of one key would share a command. */
const ROWS = 600;

const { folder, work, url = '' } = JSON.parse(process.argv[2] ?? '{}') as PairedSetup;
const ids = Array.from({ length: HOT_KEYS }, (_, i) => `user-${String(i)}`);
let loads = 0;
const find = (id: string): Promise<User> => {
  loads++;
  return Promise.resolve({ id, name: `Name of ${id}` });
};

const { Cached, cached, cacheControl, CacheManager } = await loadMain(folder);

class HandWritten {
  private readonly entries = new Map<string, { readonly value: User; readonly until: number }>();

  async getUser(id: string): Promise<User> {
    const key = `user:${id}:getUser`;
    const entry = this.entries.get(key);
    if (entry !== undefined && Date.now() < entry.until) return entry.value;
    const value = await find(id);
    this.entries.set(key, { value, until: Date.now() + 300_000 });
    return value;
  }
}

const loopOf = work === 'redis-hit' ? await redisHits() : await inMemory();

serve(async (question) => {
  const asked = JSON.parse(question) as PairedQuestion;
  const loop = loopOf(asked);
  const before = loads;
  const [start, used] = [process.hrtime.bigint(), process.cpuUsage()];
  await loop(asked.times);
  const { user, system } = process.cpuUsage(used);
  const taken = Number(process.hrtime.bigint() - start);
  const isToHit = work !== 'memory-miss' && work !== 'set' && asked.load !== true;
  if (isToHit && loads !== before) throw new Error(`${work}: it loads where it should hit.`);
  const nanoseconds = asked.isLatency === true ? taken : 1000 * (user + system);
  return { nanoseconds } satisfies Measured;
});

async function inMemory(): Promise<(question: PairedQuestion) => Loop> {
  const cache = new CacheManager({ maxMemoryItems: 10 * HOT_KEYS });
  class Decorated {
    @Cached({ ttl: 300, keyPrefix: 'user', cache })
    async getUser(id: string): Promise<User> {
      return await find(id);
    }
  }
  const decorated = new Decorated();
  let next = 0;
  const value = { id: 'user', name: 'Name' };
  const set = oneByOne(ids, (id) => cache.set(`hand:${id}`, value));
  const miss = oneByOne(ids, () => decorated.getUser(`new-${String(next++)}`));
  if (work === 'set' || work === 'memory-miss') return () => (work === 'set' ? set : miss);

  const hit = oneByOne(ids, (id) => decorated.getUser(id));
  const byHand = new HandWritten();
  const hand = oneByOne(ids, (id) => byHand.getUser(id));
  if (work === 'memory-hit') {
    await hit(HOT_KEYS);
    await hand(HOT_KEYS);
  } else {
    const { keyFor } = cacheControl(decorated, 'getUser');
    for (const id of ids) await cache.set(keyFor(id), { id, name: 'set' }, { ttl: 300 });
  }
  const loadOne = async (): Promise<void> => {
    const before = loads;
    await decorated.getUser('never seen');
    deepStrictEqual(loads, before + 1);
  };
  return ({ isByHand, load }) => (load === true ? loadOne : isByHand === true ? hand : hit);
}

async function redisHits(): Promise<(question: PairedQuestion) => Loop> {
  const { RedisStore } = await loadRedis(folder);
  // A long time-out: on a busy machine, a read that times out would become a load.
  const patience = { storeTimeout: '20s' } as const;
  const store = new RedisStore(url);
  const options = { store, memory: false, defaultTtl: '1h', namespace: 'paired' } as const;
  const cache = new CacheManager({ ...options, ...patience });
  const rows = Array.from({ length: ROWS }, (_, id) => id);
  const get = cached(
    (id: number) => {
      loads++;
      return Promise.resolve(row(id, { items: 12, note: 16 }));
    },
    { name: 'row', keyPrefix: 'row', cache },
  );
  // A fill is not awaited: until one round has loaded nothing, hits would be loads.
  for (let before = -1; before !== loads;) {
    before = loads;
    for (const id of rows) await get(id);
  }
  const loops = new Map<number, Loop>();
  return ({ width }) => {
    let loop = loops.get(width);
    if (loop === undefined) loops.set(width, (loop = inFlight(width, rows, get)));
    return loop;
  };
}
