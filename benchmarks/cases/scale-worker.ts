/** One of several processes that hit the same keys in Redis. */
import { cached, CacheManager } from 'aurora-cache';

import { inFlight } from '../harness/loops.js';
import { serve } from '../harness/workers.js';

const [, , redisUrl = '', ms = ''] = process.argv;
const BATCH = 2000;
const ids = Array.from({ length: 1000 }, (_, id) => id);
const cache = new CacheManager({ redisUrl, namespace: 'bench', memory: false });
const find = cached((id: number) => Promise.resolve({ id, note: 'n'.repeat(900) }), {
  name: 'find',
  cache,
});
const hit = inFlight(64, ids, find);

serve(async () => {
  // The first round fills the cache.
  await hit(BATCH);
  let hits = 0;
  const start = performance.now();
  while (performance.now() - start < Number(ms)) {
    await hit(BATCH);
    hits += BATCH;
  }
  return (hits / (performance.now() - start)) * 1000;
});
