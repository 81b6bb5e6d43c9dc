/** GET, SET and DELETE of the handle, by tier, one after the other. */
import { CacheManager } from 'aurora-cache';

import { oneByOne } from '../harness/loops.js';
import { written, type BenchOptions, type Cell, type Table } from '../harness/report.js';
import { compete, of } from '../harness/rounds.js';

const keys = Array.from({ length: 1000 }, (_, i) => `user:${i}`);
const value = { id: 7, name: 'Ada Lovelace', roles: ['reader', 'writer'] };

export async function tiers(redisUrl: string, bench: BenchOptions): Promise<Table> {
  const memory = new CacheManager({ maxMemoryItems: 10 * keys.length });
  const redis = new CacheManager({ redisUrl, namespace: 'bench', memory: false });
  const rows: Cell[][] = ['GET', 'SET', 'DELETE'].map((name) => [name]);
  for (const cache of [memory, redis]) {
    for (const key of keys) await cache.set(key, value);
    const results = await compete(
      [
        { name: 'GET', run: oneByOne(keys, (key) => cache.get(key)) },
        { name: 'SET', run: oneByOne(keys, (key) => cache.set(key, value)) },
        { name: 'DELETE', run: oneByOne(keys, (key) => cache.delete(key)) },
      ],
      bench,
      { rounds: 7 },
    );
    for (const row of rows) {
      const { median, fastest, slowest } = of(results, String(row[0]));
      row.push(ms(median), `${ms(fastest)} – ${ms(slowest)}`);
    }
    await cache.close();
  }
  return {
    title: 'Operations of the cache by tier, in ms',
    columns: ['operation', 'memory', 'fastest – slowest', 'Redis', 'fastest – slowest'],
    rows,
  };
}

const ms = (nanoseconds: number): string => written(nanoseconds / 1e6);
