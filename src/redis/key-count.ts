import type { SharedCount } from '../store/coordinator.js';
import type { Connection } from './connection/connection.js';
import type { RedisKeys } from './keys.js';

/** Time after which another process may count, if the first one exits before it has finished. */
const CLAIM_MS = 60_000;
/** Stored in place of the number while a process counts. */
const COUNTING = '';

/**
 * A count of keys that all processes of a namespace share, so that only one of them iterates over the
 * database.
 *
 * @internal
 */
export class RedisKeyCount implements SharedCount {
  constructor(
    private readonly connection: Connection,
    private readonly redisKeys: RedisKeys,
  ) {}

  async take(): Promise<number | 'mine' | 'taken'> {
    const { client } = this.connection;
    const { count } = this.redisKeys;
    const known = await client.get(count);
    if (known === null) {
      const claimed = await client.set(count, COUNTING, 'PX', CLAIM_MS, 'NX');
      return claimed === 'OK' ? 'mine' : 'taken';
    }
    if (known === COUNTING) return 'taken';
    // Replaces the value of another program.
    return /^\d{1,15}$/.test(known) ? Number(known) : 'mine';
  }

  async publish(count: number, forMs: number): Promise<void> {
    await this.connection.client.set(this.redisKeys.count, String(count), 'PX', Math.ceil(forMs));
  }
}
