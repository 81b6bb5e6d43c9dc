import type { Cluster } from 'ioredis';

import type { Clock } from '../base/time/clock.js';
import { StoreError } from '../base/errors/errors.js';
import type { FailedShards, StoreHistory } from '../store/coordinator.js';
import { unlink } from './clear.js';
import type { Connection } from './connection/connection.js';
import { isReply } from './connection/failure.js';
import type { RedisKeys } from './keys.js';
import { encodeFloor } from './bus/messages.js';
import { scan } from './scan.js';
import type { Scripts } from './scripts.js';
import type { ServerClock } from './server-clock.js';
import { failedShards, primariesOf, type Primaries } from './shards.js';

const DAY_MS = 86_400_000;
/** How often the number's expiry is renewed. */
const RENEWAL_MS = 3_600_000;

export interface RedisHistoryOptions {
  readonly connection: Connection;
  readonly redisKeys: RedisKeys;
  readonly origin: string;
  readonly clock: Clock;
  readonly time: ServerClock;
  readonly scripts: Scripts;
}

/**
 * Stores the number of this cache's latest acknowledged invalidation in a separate key. A cluster does not
 * lose its keys together: there, the shards that have another primary are reported instead.
 *
 * @internal
 */
export class RedisHistory implements StoreHistory {
  connections = 0;
  /** The number that was stored last, and when. */
  private noted: { readonly sequence: number; readonly at: number } | undefined;
  private isClosed = false;
  /** Kept across a lost connection: a shard may fail over in the meantime. */
  private primaries: Primaries | undefined;
  /** When the primaries were last seen, on the monotonic clock. */
  private seenAt = 0;
  private failed: FailedShards | undefined;

  constructor(private readonly options: RedisHistoryOptions) {}

  get floor(): number {
    return this.options.time.floor;
  }

  /** Called when a connection is ready. */
  connected(): void {
    this.connections++;
    this.checkShards();
  }

  /** Renews the number's expiry, and returns whether shards have failed over. */
  probe(): boolean {
    const { noted, options } = this;
    if (noted !== undefined && options.clock.monotonic() - noted.at > RENEWAL_MS) {
      this.noteSequence(noted.sequence).catch(() => undefined);
    }
    return this.checkShards();
  }

  async noteSequence(sequence: number): Promise<void> {
    const { connection, redisKeys, origin, clock } = this.options;
    if (connection.isCluster) return;
    if (!connection.isReady || this.isClosed) throw new StoreError('journal', 'Not connected.');
    this.noted = { sequence, at: clock.monotonic() };
    await connection.client.set(redisKeys.sequenceOf(origin), sequence, 'PX', DAY_MS);
  }

  async readSequence(): Promise<number | undefined> {
    const { connection, redisKeys, origin } = this.options;
    if (connection.isCluster) return Infinity;
    try {
      const found = await connection.client.get(redisKeys.sequenceOf(origin));
      return found === null ? undefined : Number(found);
    } catch (error) {
      // The user may lack the permission.
      if (isReply(error)) return Infinity;
      throw error;
    }
  }

  async raiseFloor(): Promise<void> {
    const { connection, redisKeys, origin, scripts, time } = this.options;
    const words = [redisKeys.bus, ...encodeFloor(origin)];
    time.noteFloor(Number(await scripts.run('raiseFloor', redisKeys.tags, ...words)));
    // A restored lease belongs to a load that may be older than a lost invalidation.
    for await (const names of scan(connection.client, redisKeys.leasesOf(''))) {
      if (names.length > 0) await unlink(connection, names);
    }
  }

  get failovers(): FailedShards | undefined {
    return this.failed;
  }

  clearFailovers(): void {
    this.failed = undefined;
  }

  /** Removes the number, which no process uses any more. */
  close(): void {
    const { connection, redisKeys, origin } = this.options;
    this.isClosed = true;
    if (this.noted === undefined || !connection.isReady) return;
    connection.client.unlink(redisKeys.sequenceOf(origin)).catch(() => undefined);
  }

  private checkShards(): boolean {
    const { connection, redisKeys, clock } = this.options;
    if (!connection.isCluster) return false;
    const { primaries, seenAt, failed: earlier } = this;
    this.primaries = primariesOf(connection.client as Cluster);
    this.seenAt = clock.monotonic();
    const failed = primaries && failedShards(primaries, this.primaries, redisKeys);
    if (failed === undefined) return false;
    this.failed = {
      hasKey: (key) => failed.hasKey(key) || earlier?.hasKey(key) === true,
      hasTags: failed.hasTags || earlier?.hasTags === true,
      seenAt: earlier?.seenAt ?? seenAt,
    };
    this.connections++;
    return true;
  }
}
