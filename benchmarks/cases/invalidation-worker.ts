/** The other process: reads a key continuously, and reports when it saw a new value. */
import { setImmediate } from 'node:timers/promises';

import { CacheManager } from 'aurora-cache';

import { serve } from '../harness/workers.js';

const [, , redisUrl = '', bus = ''] = process.argv;
const cache = new CacheManager({ redisUrl, namespace: 'bench', bus: bus as 'tracking' | 'pubsub' });
const current = async (): Promise<number> =>
  (await cache.get<{ round: number }>('price'))?.round ?? NaN;

serve(async (question) => {
  const old = await current();
  if (question === 'remember') return null;
  for (;;) {
    await setImmediate();
    if ((await current()) !== old) return Number(process.hrtime.bigint());
  }
});
