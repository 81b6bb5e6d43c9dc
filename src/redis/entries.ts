import {
  HEAD_CHARS,
  type EntryCommands,
  type PatternGroup,
  type SetOutcome,
  type StoredText,
} from '../store/coordinator.js';
import type { Message } from './bus/messages.js';
import { clearMatching } from './clear.js';
import type { RedisContext } from './context.js';
import { scan } from './scan.js';
import { wholeMs } from './scripts.js';

/**
 * The entries of a namespace. One script call writes or removes one key or several; a cluster, where keys
 * have different slots, takes one call per key.
 *
 * @internal
 */
export class RedisEntries implements EntryCommands {
  constructor(private readonly context: RedisContext) {}

  async set(entries: readonly StoredText[], withinMs: number): Promise<SetOutcome> {
    const notAfter = await this.context.readiness.notAfter(withinMs);
    if (!this.isCluster) return await this.setTogether(entries, notAfter);
    // ioredis writes the commands of one turn together.
    const outcomes = await Promise.all(entries.map((one) => this.setTogether([one], notAfter)));
    const failedAt = outcomes.findIndex(({ stored }) => stored === 0);
    if (failedAt < 0) return { stored: entries.length, error: undefined };
    // Entries after the failed one count as not stored, and are removed again. That is simple, and rare.
    return { stored: failedAt, error: outcomes[failedAt]?.error };
  }

  /** @returns The heads of the removed entries; `undefined` where there was none. */
  async delete(keys: readonly string[]): Promise<(string | undefined)[]> {
    await this.context.readiness.wait();
    if (!this.isCluster) return await this.deleteTogether(keys);
    return (await Promise.all(keys.map((key) => this.deleteTogether([key])))).flat();
  }

  async *clear(groups: readonly PatternGroup[]): ReturnType<typeof clearMatching> {
    const sources = groups.flat().map(({ source }) => source);
    if (sources.length === 0) return;
    const { connection, outbox, readiness, redisKeys, scripts } = this.context;
    await readiness.wait();
    yield* clearMatching(connection, scripts, redisKeys, groups);
    await readiness.wait();
    await connection.client.publish(...outbox.address({ kind: 'clear', patterns: sources }));
    outbox.published();
  }

  async *count(): AsyncGenerator<number> {
    const { connection, readiness, redisKeys } = this.context;
    await readiness.wait();
    for await (const names of scan(connection.client, redisKeys.prefix)) yield names.length;
  }

  private get isCluster(): boolean {
    return this.context.connection.isCluster;
  }

  private async setTogether(entries: readonly StoredText[], notAfter: number): Promise<SetOutcome> {
    const keys = entries.map(({ key }) => key);
    const { redisKeys, scripts } = this.context;
    const words = [...redisKeys.pairs(keys), notAfter, ...this.announce('set', keys)];
    for (const { text, ttlMs } of entries) words.push(text, wholeMs(ttlMs));
    const [stored, error] = (await scripts.run('set', ...words)) as [number | string, string];
    this.context.outbox.published();
    return { stored: Number(stored), error: error === '' ? undefined : new Error(error) };
  }

  private async deleteTogether(keys: readonly string[]): Promise<(string | undefined)[]> {
    const { redisKeys, scripts } = this.context;
    const words = [...redisKeys.pairs(keys), ...this.announce('delete', keys), HEAD_CHARS];
    const heads = (await scripts.run('delete', ...words)) as string[];
    this.context.outbox.published();
    return heads.map((head) => (head === '' ? undefined : head));
  }

  /** The channel and the text of the message that a script publishes. */
  private announce(kind: 'set' | 'delete', keys: readonly string[]): [string, string] {
    const [key = ''] = keys;
    const message: Message = keys.length === 1 ? { kind, key } : { kind: 'changed', keys };
    return this.context.outbox.address(message);
  }
}
