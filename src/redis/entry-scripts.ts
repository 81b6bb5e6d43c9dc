import { HEAD_CHARS, type SetOutcome, type StoredText } from '../store/coordinator.js';
import type { RedisKeys } from './keys.js';
import type { Message } from './bus/messages.js';
import type { Scripts } from './scripts.js';

/**
 * Writes and removals of one key or of several, by one script call; on a cluster, where keys have
 * different slots, by one call for each key.
 *
 * @internal
 */
export class EntryScripts {
  /** @param messageOf - The channel and the text of a message that a script publishes. */
  constructor(
    private readonly scripts: Scripts,
    private readonly redisKeys: RedisKeys,
    private readonly isCluster: boolean,
    private readonly messageOf: (message: Message) => [channel: string, text: string],
  ) {}

  /** @param notAfter - The server's time from which nothing is stored any more; 0 for never. */
  async set(entries: readonly StoredText[], notAfter: number): Promise<SetOutcome> {
    if (!this.isCluster) return await this.setTogether(entries, notAfter);
    // ioredis writes the commands of one turn together.
    const outcomes = await Promise.all(entries.map((one) => this.setTogether([one], notAfter)));
    const failedAt = outcomes.findIndex(({ stored }) => stored === 0);
    if (failedAt < 0) return { stored: entries.length, error: undefined };
    // Those behind it count as not stored, and are removed again: simpler, and rare.
    return { stored: failedAt, error: outcomes[failedAt]?.error };
  }

  /** @returns The heads of the removed entries; `undefined` where there was none. */
  async delete(keys: readonly string[]): Promise<(string | undefined)[]> {
    if (!this.isCluster) return await this.deleteTogether(keys);
    return (await Promise.all(keys.map((key) => this.deleteTogether([key])))).flat();
  }

  private async setTogether(entries: readonly StoredText[], notAfter: number): Promise<SetOutcome> {
    const keys = entries.map(({ key }) => key);
    const words = [
      ...this.redisKeys.pairs(keys),
      notAfter,
      ...this.messageOf(messageFor('set', keys)),
    ];
    for (const { text, ttlMs } of entries) words.push(text, Math.max(1, Math.ceil(ttlMs)));
    const [stored, error] = (await this.scripts.run('set', ...words)) as [number | string, string];
    return { stored: Number(stored), error: error === '' ? undefined : new Error(error) };
  }

  private async deleteTogether(keys: readonly string[]): Promise<(string | undefined)[]> {
    const words = [
      ...this.redisKeys.pairs(keys),
      ...this.messageOf(messageFor('delete', keys)),
      HEAD_CHARS,
    ];
    const heads = (await this.scripts.run('delete', ...words)) as string[];
    return heads.map((head) => (head === '' ? undefined : head));
  }
}

function messageFor(kind: 'set' | 'delete', keys: readonly string[]): Message {
  const [key = ''] = keys;
  return keys.length === 1 ? { kind, key } : { kind: 'changed', keys };
}
