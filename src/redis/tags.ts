import type { TagCommands, TagVersionsReply } from '../store/coordinator.js';
import type { RedisContext } from './context.js';

/** Maximum number of fields in the hash of tags: `epoch`, `clock`, `floor`, `cursor`, and one per tag. */
const MAX_FIELDS = 100_000 + 4;

/**
 * The tags of a namespace: one hash holds their clock and the version of each.
 *
 * @internal
 */
export class RedisTags implements TagCommands {
  constructor(private readonly context: RedisContext) {}

  async clock(): Promise<number> {
    const { readiness, redisKeys, scripts } = this.context;
    await readiness.wait();
    return this.noteClock(await scripts.run('tagClock', redisKeys.tags));
  }

  async versions(tags: readonly string[]): Promise<TagVersionsReply> {
    const { connection, readiness, redisKeys, time } = this.context;
    await readiness.wait();
    const fields = ['epoch', 'floor', ...tags.map((tag) => redisKeys.tag(tag))];
    const [epoch, floor, ...versions] = await connection.client.hmget(redisKeys.tags, ...fields);
    time.noteFloor(Number(floor ?? 0));
    return {
      epoch: epoch == null ? undefined : Number(epoch),
      versions: versions.map((version) => Number(version ?? 0)),
    };
  }

  async invalidate(tags: readonly string[]): Promise<number> {
    if (tags.length === 0) return await this.clock();
    const { outbox, readiness, redisKeys, scripts } = this.context;
    await readiness.wait();
    const words = [...outbox.addressTags(tags), MAX_FIELDS];
    const fields = tags.map((tag) => redisKeys.tag(tag));
    const version = await scripts.run('invalidateTags', redisKeys.tags, ...words, ...fields);
    outbox.published();
    return this.noteClock(version);
  }

  private noteClock(reply: unknown): number {
    const clock = Number(reply);
    this.context.time.noteTagClock(clock);
    return clock;
  }
}
