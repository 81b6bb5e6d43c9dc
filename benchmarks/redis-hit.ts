/**
 * A hit in Redis through `cached`, memory off, against a bare ioredis `get` and `JSON.parse`, with
 * so many calls in flight. Starts a `redis-server` of its own.
 *
 *     npm run bench -- redis-hit
 */
import { cached, CacheManager } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { Redis } from 'ioredis';

import { RedisServer } from '../tests/support/redis/server.js';
import { compete, report } from './rounds.js';

const ROWS = 1000;
const row = (id: number): object => ({
  id,
  name: 'x'.repeat(100),
  items: Array.from({ length: 12 }, (_, i) => ({
    sku: `SKU-${String(i)}`,
    quantity: i,
    price: i * 1.5,
    note: 'some text here',
  })),
  active: true,
});

/** Keeps so many calls under way until all have been made. */
const inFlight =
  (width: number, call: (id: number) => Promise<unknown>) =>
  async (times: number): Promise<void> => {
    let made = 0;
    const caller = async (): Promise<void> => {
      while (made < times) await call(made++ % ROWS);
    };
    await Promise.all(Array.from({ length: width }, caller));
  };

export async function redisHit(): Promise<void> {
  const server = await RedisServer.start();
  const bare = new Redis(server.url);
  const store = new RedisStore(server.url);
  const cache = new CacheManager({ store, memory: false, defaultTtl: '1h' });
  const find = cached((id: number) => Promise.resolve(row(id)), { name: 'find', cache });
  try {
    for (let id = 0; id < ROWS; id++) {
      await bare.set(`bare:${String(id)}`, JSON.stringify(row(id)));
      await cache.set(find.keyFor(id), row(id));
    }
    const bytes = JSON.stringify(row(0)).length;
    for (const width of [1, 64, 512]) {
      report(
        `Hit in Redis on loopback, ${String(bytes)} bytes, ${String(width)} in flight`,
        await compete(
          [
            {
              name: 'ioredis get + JSON.parse',
              run: inFlight(
                width,
                async (id) => JSON.parse((await bare.get(`bare:${String(id)}`)) ?? '') as unknown,
              ),
            },
            { name: 'cached(), memory off', run: inFlight(width, find) },
          ],
          { times: width === 1 ? 4000 : 40_000, rounds: 9 },
        ),
      );
    }
    const { sharedHits, loads } = await cache.getStats();
    console.log(`\n${String(sharedHits)} hits, ${String(loads)} loads`);
  } finally {
    bare.disconnect();
    await store.disconnect();
    await server.stop();
  }
}
