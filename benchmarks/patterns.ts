/**
 * How long a Redis takes to answer others while `clear` removes 100,000 keys of a namespace next to
 * 100,000 foreign ones. Starts a `redis-server` of its own.
 *
 *     npm run bench -- patterns
 */
import { CacheManager } from 'aurora-cache';
import { Redis } from 'ioredis';

import { described, Pinger } from '../tests/support/redis/pinger.js';
import { RedisServer } from '../tests/support/redis/server.js';

const KEYS = 100_000;
const ROUNDS = 3;

const FILL = `
for i = 1, tonumber(ARGV[1]) do
  redis.call('SET', 'aurora:user:' .. i .. ':profile', ARGV[2])
  redis.call('SET', 'foreign:user:' .. i .. ':profile', ARGV[2])
end`;

export async function patterns(): Promise<void> {
  const server = await RedisServer.start();
  const admin = new Redis(server.url);
  const cache = new CacheManager({ redisUrl: server.url, memory: false, storeTimeout: '5s' });
  try {
    console.log(`\nclear('user:*') of ${String(KEYS)} keys next to as many foreign ones`);
    for (let round = 1; round <= ROUNDS; round++) {
      await admin.flushall();
      await admin.eval(FILL, 0, KEYS, 'x'.repeat(200));
      const calm = await Pinger.start(server.port);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      console.log(`  idle:     ${described(await calm.stop())}`);
      const pinger = await Pinger.start(server.port);
      const start = performance.now();
      const removed = await cache.clear('user:*');
      const elapsed = performance.now() - start;
      console.log(`  clearing: ${described(await pinger.stop())}`);
      const left = await admin.dbsize();
      console.log(
        `            ${String(removed)} removed in ${elapsed.toFixed(0)} ms, ${String(left)} left`,
      );
    }
  } finally {
    await cache.close();
    admin.disconnect();
    await server.stop();
  }
}
