import { Coalescer } from '../base/coalescer.js';
import { DISPATCH } from '../base/defaults.js';
import type {
  Coordinator,
  FillOutcomes,
  Grant,
  LeaseFill,
  LeaseRequest,
  Snapshots,
  TagVersions,
} from './coordinator.js';
import type { Load } from './dispatcher.js';
import { FINISH, type Guard } from './guard.js';
import type { Repairs } from './repairs.js';

/** A lease that a caller asks for, and how long it waits for it. */
interface Request extends LeaseRequest {
  readonly budgetMs: number;
}

/** A fill, whose text is made when the store is there. */
interface Fill extends Omit<LeaseFill, 'text'> {
  readonly text: () => string;
  /** Characters of the text, about. */
  readonly chars: number;
}

type Answer = Grant | 'unsent' | undefined;

/** Requests for leases share a command if their budgets differ by at most this share of a time-out. */
const SIMILAR = 0.25;

/**
 * The coordinator's operations that concern no pending invalidation, within the store's guard.
 *
 * @internal
 */
export class Coordination {
  /** Leases that were taken from their holders: what they store replaces what is there. */
  private readonly seized = new Set<string>();
  /** Requests and fills of one turn share a command: a burst of misses is mostly these two. */
  private readonly requests: Coalescer<Answer, Answer, Request>;
  private readonly fills: Coalescer<boolean | undefined, boolean | undefined, Fill>;

  constructor(
    private readonly guard: Guard,
    private readonly repairs: Repairs,
    private readonly timeoutMs: number,
  ) {
    const most = (): number => DISPATCH.chunk;
    this.requests = new Coalescer((some) => this.acquireAll(some), asIs, most, true);
    this.fills = new Coalescer((some) => this.fillAll(some), asIs, most, true);
  }

  /**
   * Asks for a lease.
   *
   * @returns `undefined` when the store did not reply: the lease may have been granted all the same;
   * `unsent` when it was not asked.
   */
  async acquire(
    key: string,
    token: string,
    leaseMs: number,
    budgetMs: number,
    seize: boolean,
  ): Promise<Grant | 'unsent' | undefined> {
    const grant = await this.requests.read({ key, token, leaseMs, budgetMs, seize });
    if (seize && grant !== 'unsent' && grant?.granted === true) this.seized.add(token);
    return grant;
  }

  async renew(key: string, token: string, leaseMs: number): Promise<boolean | undefined> {
    return await this.run('renew', (to) => to.renew(key, token, leaseMs), FINISH);
  }

  /** `undefined` when the store did not say that the lease has ended. */
  async release(key: string, token: string): Promise<boolean | undefined> {
    this.seized.delete(token);
    const release = async (to: Coordinator): Promise<boolean> => {
      await to.release(key, token);
      return true;
    };
    return await this.run('release', release, FINISH);
  }

  /** Stores a text if the lease is still held; `undefined` when the store did not say. */
  async fill(
    key: string,
    token: string,
    text: () => string,
    ttlMs: number,
    chars: number,
  ): Promise<boolean | undefined> {
    const stored = await this.fills.read({ key, token, text, ttlMs, chars });
    // Any other fill stores where nothing was: a store that forgets it has a miss.
    if (this.seized.delete(token) && stored === true) this.repairs.keyReplaced(key);
    return stored;
  }

  async tagClock(budgetMs: number): Promise<number | undefined> {
    return await this.run('tags', (to) => to.tagClock(), undefined, budgetMs);
  }

  async tagVersions(tags: readonly string[]): Promise<TagVersions | undefined> {
    return await this.run('tags', (to) => to.tagVersions(tags));
  }

  /** Runs something on the snapshots of the instances; `undefined` when that was not possible. */
  async snapshots<T>(run: (snapshots: Snapshots) => Promise<T>): Promise<T | undefined> {
    return await this.run('snapshots', async ({ snapshots }) =>
      snapshots === undefined ? undefined : await run(snapshots),
    );
  }

  /** One operation of the coordinator; `undefined` when it failed, or there is none. */
  async run<T>(
    operation: string,
    run: (coordinator: Coordinator, leftMs: number) => Promise<T>,
    load?: Load,
    budgetMs = this.timeoutMs,
  ): Promise<T | undefined> {
    return await this.repairs.send(
      operation,
      async ({ coordinator }, leftMs) =>
        coordinator === undefined ? undefined : await run(coordinator, leftMs),
      budgetMs,
      load,
    );
  }

  /** A request with less time left than the others has a command of its own: it cannot wait as long. */
  private async acquireAll(requests: readonly Request[]): Promise<readonly Answer[]> {
    const longest = Math.max(...requests.map(({ budgetMs }) => budgetMs));
    const [most, few] = parted(
      requests,
      ({ budgetMs }) => budgetMs >= longest - SIMILAR * this.timeoutMs,
    );
    if (few.length === 0) return await this.acquireTogether(most);
    const parts = [most, ...few.map((one) => [one])];
    const answers = new Map<Request, Answer>();
    await Promise.all(
      parts.map(async (part) => {
        const found = await this.acquireTogether(part);
        for (const [i, one] of part.entries()) answers.set(one, found[i]);
      }),
    );
    return requests.map((one) => answers.get(one));
  }

  private async acquireTogether(requests: readonly Request[]): Promise<readonly Answer[]> {
    let isSent = false;
    const budgetMs = Math.min(...requests.map((one) => one.budgetMs));
    const acquire = async (to: Coordinator, withinMs: number): Promise<readonly Grant[]> => {
      isSent = true;
      if (requests.length > 1 && to.acquireMany !== undefined) {
        return await to.acquireMany(requests, withinMs);
      }
      return await Promise.all(
        requests.map(({ key, token, leaseMs, seize }) =>
          to.acquire(key, token, leaseMs, withinMs, seize),
        ),
      );
    };
    const load: Load = { weight: requests.length, lane: 'single' };
    const grants = await this.run('acquire', acquire, load, budgetMs);
    return requests.map((_, i) => (isSent ? grants?.[i] : 'unsent'));
  }

  private async fillAll(fills: readonly Fill[]): Promise<readonly (boolean | undefined)[]> {
    const parts: Fill[][] = [];
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

  private async fillTogether(fills: readonly Fill[]): Promise<readonly (boolean | undefined)[]> {
    const fill = async (to: Coordinator): Promise<FillOutcomes['stored']> => {
      const [first] = fills;
      if (fills.length === 1 && first !== undefined) {
        const { key, token, text, ttlMs } = first;
        return [await to.fill(key, token, text(), ttlMs)];
      }
      if (to.fillMany === undefined) {
        return await Promise.all(
          fills.map(({ key, token, text, ttlMs }) => to.fill(key, token, text(), ttlMs)),
        );
      }
      const { stored, error } = await to.fillMany(
        fills.map((one) => ({ ...one, text: one.text() })),
      );
      if (error === undefined) return stored;
      if (!stored.includes(true)) throw error;
      this.guard.failed('fill', error);
      return stored;
    };
    const stored = await this.run('fill', fill, { ...FINISH, weight: fills.length });
    return fills.map((_, i) => stored?.[i]);
  }
}

function asIs<T>(answer: T | undefined): T | undefined {
  return answer;
}

function parted<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  const parts: [T[], T[]] = [[], []];
  for (const item of items) parts[isFirst(item) ? 0 : 1].push(item);
  return parts;
}
