import type { RedisKeys } from '../keys.js';
import { encode, encodeTags, type Message } from './messages.js';

/**
 * Messages from one cache to the others in its namespace.
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

  /** The channel of a message about tags, and the halves of its text, between which the version goes. */
  addressTags(tags: readonly string[]): [channel: string, head: string, tail: string] {
    return [this.redisKeys.bus, ...encodeTags(this.origin, tags)];
  }

  published(): void {
    this.count++;
  }
}
