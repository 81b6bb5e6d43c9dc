import type { RedisKeys } from '../keys.js';
import { encode, type Message } from './messages.js';

/**
 * Messages from one cache to the others in its namespace; scripts publish them.
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

  published(): void {
    this.count++;
  }
}
