import type { Clock } from '../base/time/clock.js';
import type { Snapshots } from '../store/coordinator.js';
import type { Connection } from './connection/connection.js';
import type { RedisKeys } from './keys.js';
import { wholeMs } from './scripts.js';

/**
 * Texts that the instances of a service store for each other, each with an expiry. An index of the instances
 * avoids a scan of the database.
 *
 * @internal
 */
export class RedisSnapshots implements Snapshots {
  constructor(
    private readonly connection: Connection,
    private readonly redisKeys: RedisKeys,
    private readonly now: Clock['now'],
  ) {}

  async write(instance: string, text: string, ttlMs: number, maxInstances: number): Promise<void> {
    const { client } = this.connection;
    const { stats } = this.redisKeys;
    const px = wholeMs(ttlMs);
    // Separate commands, since the keys have different slots on a cluster.
    await Promise.all([
      client.set(this.redisKeys.statsOf(instance), text, 'PX', px),
      client.zadd(stats, Math.round(this.now()), instance),
      client.zremrangebyrank(stats, 0, -1 - maxInstances),
      client.pexpire(stats, px),
    ]);
  }

  async remove(instance: string): Promise<void> {
    const { client } = this.connection;
    await Promise.all([
      client.unlink(this.redisKeys.statsOf(instance)),
      client.zrem(this.redisKeys.stats, instance),
    ]);
  }

  async list(maxInstances: number): Promise<readonly string[]> {
    return await this.connection.client.zrevrange(this.redisKeys.stats, 0, maxInstances - 1);
  }

  async read(instances: readonly string[]): Promise<readonly (string | null)[]> {
    const { client, isCluster } = this.connection;
    const names = instances.map((instance) => this.redisKeys.statsOf(instance));
    return isCluster
      ? await Promise.all(names.map((name) => client.get(name)))
      : await client.mget(names);
  }
}
