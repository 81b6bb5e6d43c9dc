import type { SharedCount } from '../store/coordinator.js';
import type { Connection } from './connection/connection.js';
import type { RedisKeys } from './keys.js';

/** When another process may count, should the first one exit before it has finished. */
const CLAIM_MS = 60_000;
/** The value of the key while a process counts. */
const COUNTING = '';

/**
 * The number of keys, shared by all processes of a namespace, so that only one iterates over the database.
 *
 * @internal
 */
export class RedisKeyCount implements SharedCount {
  constructor(
    private readonly connection: Connection,
    private readonly redisKeys: RedisKeys,
  ) {}

  async claim(): Promise<number | 'mine' | 'taken'> {
    const { client } = this.connection;
    const { count } = this.redisKeys;
    const known = await client.get(count);
    if (known === null) {
      const claimed = await client.set(count, COUNTING, 'PX', CLAIM_MS, 'NX');
      return claimed === 'OK' ? 'mine' : 'taken';
    }
    if (known === COUNTING) return 'taken';
    // The value of another program is replaced.
    return /^\d{1,15}$/.test(known) ? Number(known) : 'mine';
  }

  async publish(count: number, forMs: number): Promise<void> {
    await this.connection.client.set(this.redisKeys.count, String(count), 'PX', Math.ceil(forMs));
  }
}
