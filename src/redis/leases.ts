import type {
  FillOutcomes,
  LeaseCommands,
  LeaseFill,
  LeaseReply,
  LeaseRequest,
} from '../store/coordinator.js';
import type { Message } from './bus/messages.js';
import type { RedisContext } from './context.js';
import { wholeMs } from './scripts.js';

/** The reply for one lease: whether it was granted; the text or the holder; the remaining time. */
type Reply = readonly [number | string, string | null, (number | string)?];

/**
 * The leases of a namespace. One script call handles one key or several; a cluster, where keys have different
 * slots, takes one call per key.
 *
 * @internal
 */
export class RedisLeases implements LeaseCommands {
  constructor(private readonly context: RedisContext) {}

  async acquire(requests: readonly LeaseRequest[], withinMs: number): Promise<LeaseReply[]> {
    const notAfter = await this.context.readiness.notAfter(withinMs);
    return await this.together(requests, (some) => this.acquireTogether(some, notAfter));
  }

  async renew(key: string, token: string, leaseMs: number): Promise<boolean> {
    const { readiness, redisKeys, scripts } = this.context;
    await readiness.wait();
    return isOne(await scripts.run('renew', redisKeys.lease(key), token, wholeMs(leaseMs)));
  }

  async release(key: string, token: string): Promise<void> {
    const { outbox, readiness, redisKeys, scripts } = this.context;
    await readiness.wait();
    const words = [token, ...outbox.address({ kind: 'release', key })];
    if (isOne(await scripts.run('release', redisKeys.lease(key), ...words))) outbox.published();
  }

  async fill(fills: readonly LeaseFill[]): Promise<FillOutcomes> {
    await this.context.readiness.wait();
    const errors: Error[] = [];
    const stored = await this.together(fills, (some) => this.fillTogether(some, errors));
    return { stored, error: errors[0] };
  }

  private async together<T, R>(
    items: readonly T[],
    run: (some: readonly T[]) => Promise<R[]>,
  ): Promise<R[]> {
    if (!this.context.connection.isCluster) return await run(items);
    // ioredis writes the commands of one turn together.
    return (await Promise.all(items.map((one) => run([one])))).flat();
  }

  private async acquireTogether(
    requests: readonly LeaseRequest[],
    notAfter: number,
  ): Promise<LeaseReply[]> {
    const { redisKeys, scripts } = this.context;
    const words = [...redisKeys.pairs(requests.map(({ key }) => key)), notAfter];
    for (const { token, leaseMs, isForced } of requests) {
      words.push(token, wholeMs(leaseMs), isForced ? 1 : 0);
    }
    const replies = (await scripts.run('acquire', ...words)) as Reply[];
    return replies.map(([granted, found, remaining]) =>
      Number(granted) === 1
        ? { granted: true, text: found ?? undefined }
        : { granted: false, holder: found ?? '', remainingMs: Math.max(0, Number(remaining)) },
    );
  }

  private async fillTogether(
    fills: readonly LeaseFill[],
    errors: Error[],
  ): Promise<(boolean | undefined)[]> {
    const { outbox, redisKeys, scripts } = this.context;
    const keys = fills.map(({ key }) => key);
    const [key = ''] = keys;
    const message: Message = keys.length === 1 ? { kind: 'fill', key } : { kind: 'filled', keys };
    const words = [...redisKeys.pairs(keys), ...outbox.address(message)];
    for (const { token, text, ttlMs } of fills) words.push(token, text, wholeMs(ttlMs));
    const reply = (await scripts.run('fill', ...words)) as [(number | string)[], string];
    const [outcomes, error] = reply;
    if (error !== '') errors.push(new Error(error));
    if (outcomes.some(isOne)) outbox.published();
    return outcomes.map((outcome) => (Number(outcome) < 0 ? undefined : isOne(outcome)));
  }
}

/** Whether a reply is 1. A client may be configured to return numbers as strings. */
function isOne(reply: unknown): boolean {
  return Number(reply) === 1;
}
