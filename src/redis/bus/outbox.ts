import type { RedisKeys } from '../keys.js';
import { encode, encodeTags, type Message } from './messages.js';

/**
 * Addresses the messages of one cache to the others in its namespace, and counts them.
 *
 * @internal
 */
export class Outbox {
  private count = 0;

  constructor(
    private readonly redisKeys: RedisKeys,
    private readonly origin: string,
  ) {}

  /** Messages published so far. */
  get sent(): number {
    return this.count;
  }

  /** The channel and the text of a message. */
  address(message: Message): [channel: string, text: string] {
    return [this.redisKeys.bus, encode(this.origin, message)];
  }

  /** The channel of a message about tags, and the two halves of its text, around the version. */
  addressTags(tags: readonly string[]): [channel: string, head: string, tail: string] {
    return [this.redisKeys.bus, ...encodeTags(this.origin, tags)];
  }

  /** Counts a message that was published. */
  published(): void {
    this.count++;
  }
}
