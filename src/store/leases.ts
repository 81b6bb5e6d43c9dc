import { Coalescer } from '../base/async/coalescer.js';
import { DISPATCH } from '../base/options/defaults.js';
import type {
  Coordinator,
  FillOutcomes,
  LeaseReply,
  LeaseFill,
  LeaseRequest,
} from './coordinator.js';
import type { EntryCodec } from './codec/entry-codec.js';
import type { EntryReads } from './entry-reads.js';
import type { Repairs } from './resilience/repairs.js';
import type { FillOutcome, SharedEntry, TierLeaseReply, TierLeases } from './shared-tier.js';
import { FINISH, SINGLE, type StoreCall } from './resilience/store-call.js';

/** A request for a lease, and its time-out. */
interface QueuedRequest extends LeaseRequest {
  readonly budgetMs: number;
}

/** A fill, whose text is written when it is sent. */
interface QueuedFill extends Omit<LeaseFill, 'text'> {
  readonly text: () => string;
  /** Approximate number of characters of the text. */
  readonly chars: number;
}

/** `undefined` without a reply, although the lease may have been granted. */
type Reply = LeaseReply | 'unsent' | undefined;

/** Requests share a command if their budgets differ by at most this part of a time-out. */
const MAX_BUDGET_DIFFERENCE = 0.25;

export interface LeasesOptions {
  readonly calls: StoreCall;
  readonly repairs: Repairs;
  readonly entries: EntryCodec;
  readonly timeoutMs: number;
  readonly reads: EntryReads;
}

/**
 * The leases of a tier. Requests of one turn share a command, and so do fills: a burst of misses consists
 * mainly of these two.
 *
 * @internal
 */
export class Leases implements TierLeases {
  /** Tokens of leases that were taken from another holder: their fills may replace a value. */
  private readonly forced = new Set<string>();
  private readonly requests: Coalescer<Reply, Reply, QueuedRequest>;
  private readonly fills: Coalescer<boolean | undefined, boolean | undefined, QueuedFill>;

  constructor(private readonly options: LeasesOptions) {
    const maxKeys = (): number => DISPATCH.chunk;
    this.requests = new Coalescer((some) => this.acquireAll(some), identity, maxKeys, true);
    this.fills = new Coalescer((some) => this.fillAll(some), identity, maxKeys, true);
  }

  async acquire(
    key: string,
    token: string,
    leaseMs: number,
    budgetMs: number,
    isForced = false,
  ): Promise<TierLeaseReply | undefined> {
    const { reads, repairs } = this.options;
    const reply = await this.requests.submit({ key, token, leaseMs, budgetMs, isForced });
    if (reply === undefined || reply === 'unsent' || !reply.granted) return reply;
    if (isForced) this.forced.add(token);
    const entry = repairs.covers(key, []) ? undefined : await reads.decode(key, reply.text);
    return { granted: true, entry };
  }

  async renew(key: string, token: string, leaseMs: number): Promise<boolean | undefined> {
    const { calls } = this.options;
    return await calls.coordinate(
      'renew',
      ({ leases }) => leases.renew(key, token, leaseMs),
      FINISH,
    );
  }

  async release(key: string, token: string): Promise<boolean> {
    this.forced.delete(token);
    const release = async ({ leases }: Coordinator): Promise<true> => {
      await leases.release(key, token);
      return true;
    };
    return (await this.options.calls.coordinate('release', release, FINISH)) === true;
  }

  async fill(key: string, token: string, entry: SharedEntry): Promise<FillOutcome> {
    const { entries, repairs } = this.options;
    const payload = entries.encode(key, entry.value);
    if (payload === undefined) {
      await this.release(key, token);
      return 'failed';
    }
    const stored = await this.fills.submit({
      key,
      token,
      text: () => entries.text(entry, payload),
      ttlMs: entries.ttlOf(entry),
      chars: payload.length,
    });
    // Other fills replace no value: if the store loses one, the key is a miss.
    if (this.forced.delete(token) && stored === true) repairs.keyReplaced(key);
    if (stored === undefined) return 'failed';
    return stored ? 'stored' : 'refused';
  }

  /** A request with less time left than the others gets a separate command with a shorter time-out. */
  private async acquireAll(requests: readonly QueuedRequest[]): Promise<readonly Reply[]> {
    const longest = Math.max(...requests.map(({ budgetMs }) => budgetMs));
    const [together, alone] = partition(
      requests,
      ({ budgetMs }) => budgetMs >= longest - MAX_BUDGET_DIFFERENCE * this.options.timeoutMs,
    );
    if (alone.length === 0) return await this.acquireTogether(together);
    const parts = [together, ...alone.map((one) => [one])];
    const replies = new Map<QueuedRequest, Reply>();
    await Promise.all(
      parts.map(async (part) => {
        const found = await this.acquireTogether(part);
        for (const [i, one] of part.entries()) replies.set(one, found[i]);
      }),
    );
    return requests.map((one) => replies.get(one));
  }

  private async acquireTogether(requests: readonly QueuedRequest[]): Promise<readonly Reply[]> {
    let isSent = false;
    const budgetMs = Math.min(...requests.map((one) => one.budgetMs));
    const acquire = ({ leases }: Coordinator, withinMs: number): Promise<readonly LeaseReply[]> => {
      isSent = true;
      return leases.acquire(requests, withinMs);
    };
    const attempt = { ...SINGLE, weight: requests.length, budgetMs };
    const replies = await this.options.calls.coordinate('acquire', acquire, attempt);
    return requests.map((_, i) => (isSent ? replies?.[i] : 'unsent'));
  }

  private async fillAll(fills: readonly QueuedFill[]): Promise<readonly (boolean | undefined)[]> {
    const parts: QueuedFill[][] = [];
    let chars = Infinity;
    for (const one of fills) {
      if (chars + one.chars > DISPATCH.chunkChars) {
        parts.push([]);
        chars = 0;
      }
      parts.at(-1)?.push(one);
      chars += one.chars;
    }
    return (await Promise.all(parts.map((part) => this.fillTogether(part)))).flat();
  }

  private async fillTogether(
    fills: readonly QueuedFill[],
  ): Promise<readonly (boolean | undefined)[]> {
    const fill = async ({ leases }: Coordinator): Promise<FillOutcomes['stored']> => {
      const texts = fills.map((one) => ({ ...one, text: one.text() }));
      const { stored, error } = await leases.fill(texts);
      if (error === undefined) return stored;
      if (!stored.includes(true)) throw error;
      this.options.calls.failed('fill', error);
      return stored;
    };
    const attempt = { ...FINISH, weight: fills.length };
    const stored = await this.options.calls.coordinate('fill', fill, attempt);
    return fills.map((_, i) => stored?.[i]);
  }
}

function identity<T>(reply: T | undefined): T | undefined {
  return reply;
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  const parts: [T[], T[]] = [[], []];
  for (const item of items) parts[isFirst(item) ? 0 : 1].push(item);
  return parts;
}
