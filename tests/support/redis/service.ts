import { setTimeout as pause } from 'node:timers/promises';

import { Cached, type CacheManager } from 'aurora-cache';
import type { RedisStore } from 'aurora-cache/redis';
import type { Redis } from 'ioredis';

import { until } from './server.js';

export interface Service {
  answer(n: number): Promise<string>;
  /** Results that it has worked out. */
  calls(): number;
}

/** A service whose results are cached in one cache. */
export function serviceOn(cache: CacheManager): Service {
  let calls = 0;
  class Answers {
    @Cached({ keyPrefix: 'service', cache, ttl: 60 })
    async answer(n: number): Promise<string> {
      calls++;
      return await Promise.resolve(`answer ${n}`);
    }
  }
  const answers = new Answers();
  return { answer: (n) => answers.answer(n), calls: () => calls };
}

/**
 * Makes calls of several kinds, a few at a time, until `during` is over.
 *
 * @returns How many calls were made.
 */
export async function underLoad(
  cache: CacheManager,
  during: () => Promise<void>,
  service = serviceOn(cache),
): Promise<number> {
  let isOver = false;
  let made = 0;
  const caller = async (first: number): Promise<void> => {
    for (let i = first; !isOver; i++) {
      expect(await service.answer(i % 20)).toBe(`answer ${i % 20}`);
      await cache.set(`key ${i % 20}`, i);
      await cache.get(`key ${i % 20}`);
      made += 3;
      await pause(5);
    }
  };
  const callers = Promise.all([0, 5, 10, 15].map(caller));
  try {
    await Promise.race([during(), callers]);
  } finally {
    isOver = true;
  }
  await callers;
  return made;
}
/** Waits until the store stores and reads. */
export async function usable(store: RedisStore): Promise<void> {
  await until('the store is usable again', async () => {
    try {
      await store.set('aurora:probe', 'value', 60_000);
      return (await store.get('aurora:probe')) === 'value';
    } catch {
      return false;
    }
  });
}
/** Connections that the server has accepted since it started. */
export async function connectionsTo(admin: Redis): Promise<number> {
  return Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1]);
}
