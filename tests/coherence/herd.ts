import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

import { CacheManager } from 'aurora-cache';

import { until } from '../support/until.js';
import { Database } from './database.js';
import type { HerdReport, HerdSpec } from './protocol.js';
import { coreOf } from './sabotage.js';

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
  const { shared, counters } = coreOf(cache);
  const delays = monitorEventLoopDelay({ resolution: 5 });
  let hangs = false;
  const load = async (): Promise<number> => {
    const number = await database.write(key);
    if (number === 1) onFirst();
    if (number === 1 && spec.firstHangs) {
      hangs = true;
      await new Promise(() => undefined);
    }
    await pause(spec.loadMs);
    await until('the lease was renewed', async () => counters.leasesRenewed >= spec.leastRenewals);
    return number;
  };
  let slowestMs = 0;
  const answers: number[] = [];
  delays.enable();
  await new Promise<void>((resolve, reject) => {
    const call = async (): Promise<void> => {
      const start = performance.now();
      answers.push(await cache.getOrSet(key, load));
      slowestMs = Math.max(slowestMs, performance.now() - start);
      // Only the caller that started the hanging load still waits for it.
      if (answers.length >= spec.calls - (hangs ? 1 : 0)) resolve();
    };
    for (let i = 0; i < spec.calls; i++) call().catch(reject);
  });
  const loopDelayMs = Math.ceil(delays.max / 1e6);
  delays.disable();
  const read = async (): Promise<number | undefined> =>
    (await shared?.read(key))?.value as number | undefined;
  // The first calls may return before their fill has settled. Nothing is stored beside a load that hangs.
  if (spec.firstHangs) await pause(100);
  else await until('it is stored', async () => (await read()) !== undefined);
  const stored = await read();
  const renewals = counters.leasesRenewed;
  // A load that never ends would keep a closing cache from nothing, and its database is needed.
  if (!spec.firstHangs) {
    await cache.close();
    database.close();
  }
  return { answers: [...new Set(answers)], slowestMs, loopDelayMs, stored, renewals };
}
