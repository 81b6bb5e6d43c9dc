/** One process of the stampede: its callers request the same key at the same time. */
import { cached, CacheManager } from 'aurora-cache';

import { rivalsWith } from '../harness/rivals.js';
import { serve } from '../harness/workers.js';
import type { Memoize } from '../rivals/rival.js';
import { LOAD_MS, type Herd } from './herd.js';

const [, , name = '', url = '', callers = ''] = process.argv;

let loads = 0;
const memoize = await chosen();
const load = async (key: string): Promise<object> => {
  loads++;
  await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
  return { key };
};
const find = memoize('find', load, (key) => key);

serve(async (key): Promise<Herd> => {
  loads = 0;
  const start = performance.now();
  await Promise.all(Array.from({ length: Number(callers) }, () => find(key)));
  return { loads, ms: performance.now() - start };
});

async function chosen(): Promise<Memoize> {
  const rival =
    name === 'aurora-cache'
      ? undefined
      : (await rivalsWith('inRedis')).find((candidate) => candidate.name === name);
  if (rival !== undefined) return (await rival.inRedis(url)).memoize;
  const cache = new CacheManager({ redisUrl: url, namespace: 'bench' });
  return (_, load) => cached(load, { name: 'find', cache });
}
