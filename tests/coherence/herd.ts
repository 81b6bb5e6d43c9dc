import { setTimeout as pause } from 'node:timers/promises';

import { CacheManager } from 'aurora-cache';

import { Database } from './database.js';
import type { HerdReport, HerdSpec } from './protocol.js';
import { engineOf } from './sabotage.js';

/**
 * Many calls of one key at once, in one process of several.
 *
 * @param onFirst - Called when this process runs the very first load.
 */
export async function herd(spec: HerdSpec, onFirst: () => void): Promise<HerdReport> {
  const { redisUrl, namespace, key, leaseMs } = spec;
  const database = new Database(spec.databaseUrl, namespace);
  const cache = new CacheManager({
    // Eight busy processes may take their time to connect, and must not give Redis up for that.
    ...{ redisUrl, namespace, lease: `${leaseMs}ms`, storeTimeout: '5s' },
    ...(spec.memory ? {} : { memory: false }),
  });
  await cache.get('warm-up');
  let hangs = false;
  const load = async (): Promise<number> => {
    const number = await database.write(key);
    if (number === 1) onFirst();
    if (number === 1 && spec.firstHangs) {
      hangs = true;
      await new Promise(() => undefined);
    }
    await pause(spec.loadMs);
    return number;
  };
  let slowestMs = 0;
  const answers: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const call = async (): Promise<void> => {
      const start = performance.now();
      answers.push(await cache.getOrSet(key, load));
      slowestMs = Math.max(slowestMs, performance.now() - start);
      // Whoever began the load that hangs waits for it; all others have gone on.
      if (answers.length >= spec.calls - (hangs ? 1 : 0)) resolve();
    };
    for (let i = 0; i < spec.calls; i++) call().catch(reject);
  });
  const { shared, counters } = engineOf(cache);
  // The first calls may have been answered before their fill has settled.
  await pause(100);
  const stored = (await shared?.read(key))?.value as number | undefined;
  const renewals = counters.leasesRenewed;
  // A load that never ends would keep a closing cache from nothing, and its database is needed.
  if (!spec.firstHangs) {
    await cache.close();
    database.close();
  }
  return { answers: [...new Set(answers)], slowestMs, stored, renewals };
}
