import { Glob } from '../../../src/base/keys/glob.js';
import { systemClock } from '../../../src/base/time/clock.js';
import { RedisStore } from '../../../src/redis/index.js';
import type {
  Coordinator,
  CoordinatorListener,
  CoordinatorOptions,
  EntryCommands,
  KeyPattern,
  LeaseCommands,
  LeaseReply,
} from '../../../src/store/coordinator.js';
import { until } from './server.js';

type Target = ConstructorParameters<typeof RedisStore>[0];

/** One thing that a coordinator said, such as `['keys', 'a', 'b']`. */
export type Said = readonly [
  what: 'keys' | 'tags' | 'patterns' | 'leaseEnd' | 'reset' | 'change' | 'error',
  ...rest: unknown[],
];

interface SingleEntries extends Omit<EntryCommands, 'set'> {
  set(key: string, text: string, ttlMs: number, withinMs: number): Promise<void>;
}

interface SingleLeases extends Omit<LeaseCommands, 'acquire' | 'fill'> {
  acquire(
    key: string,
    token: string,
    leaseMs: number,
    withinMs: number,
    isForced?: boolean,
  ): Promise<LeaseReply>;
  fill(key: string, token: string, text: string, ttlMs: number): Promise<boolean>;
}

/** A coordinator whose requests are for one key each. */
export interface OneByOne extends Omit<Coordinator, 'entries' | 'leases'> {
  readonly entries: SingleEntries;
  readonly leases: SingleLeases;
}

function oneByOne(coordinator: Coordinator): OneByOne {
  const leases: Pick<SingleLeases, 'acquire' | 'fill'> = {
    acquire: async (key, token, leaseMs, withinMs, isForced = false) => {
      const request = { key, token, leaseMs, isForced };
      return (await coordinator.leases.acquire([request], withinMs))[0] as LeaseReply;
    },
    fill: async (key, token, text, ttlMs) => {
      const { stored, error } = await coordinator.leases.fill([{ key, token, text, ttlMs }]);
      if (error !== undefined) throw error;
      return stored[0] === true;
    },
  };
  const entries: Pick<SingleEntries, 'set'> = {
    set: async (key, text, ttlMs, withinMs) => {
      const { error } = await coordinator.entries.set([{ key, text, ttlMs }], withinMs);
      if (error !== undefined) throw error;
    },
  };
  return like(coordinator, {
    entries: like(coordinator.entries, entries),
    leases: like(coordinator.leases, leases),
  });
}

/** An object with some of its members replaced. */
function like<T extends object, R extends object>(whole: T, replaced: R): Omit<T, keyof R> & R {
  return Object.create(whole, Object.getOwnPropertyDescriptors(replaced)) as Omit<T, keyof R> & R;
}

/** A coordinator on a separate store, and everything that it reports. */
export class Coordinated {
  readonly said: Said[] = [];
  /** {@link Coordinator.isListening} at each change, and at each reset. */
  readonly listening: boolean[] = [];
  readonly resets: boolean[] = [];
  readonly store: RedisStore;
  readonly coordinator: OneByOne;

  constructor(target: Target, options: Partial<CoordinatorOptions> = {}) {
    this.store = new RedisStore(target);
    const listener: CoordinatorListener = {
      awaitsLease: true,
      onKeys: (keys) => this.said.push(['keys', ...keys]),
      onTags: (tags, version) => this.said.push(['tags', tags, version]),
      onPatterns: (patterns) => this.said.push(['patterns', ...patterns]),
      onLeaseEnd: (key) => this.said.push(['leaseEnd', key]),
      onReset: () => {
        this.said.push(['reset']);
        this.resets.push(this.isListening);
      },
      onChange: () => {
        this.said.push(['change']);
        this.listening.push(this.isListening);
      },
      onError: (error) => this.said.push(['error', error]),
    };
    const coordinator = this.store.coordinate({
      namespace: 'aurora',
      origin: Math.random().toString(36).slice(2),
      clock: systemClock,
      hasMemory: true,
      bus: undefined,
      listener,
      ...options,
    });
    this.coordinator = oneByOne(coordinator);
  }

  /** The messages of one kind. */
  of(what: Said[0]): unknown[][] {
    return this.said.filter(([name]) => name === what).map(([, ...rest]) => rest);
  }

  /** The messages of all errors so far. */
  get errors(): string[] {
    return this.of('error').map(([error]) => (error as Error).message);
  }

  /** @param times - How many times it must have begun to listen, the present one included. */
  async untilListening(times = 1): Promise<this> {
    await until('it listens', async () => this.isListening && this.resets.length >= times);
    return this;
  }

  async untilDeaf(): Promise<void> {
    await until('it listens no more', async () => !this.isListening);
  }

  /** Waits until something was said. */
  async untilSaid(...said: Said): Promise<void> {
    const wanted = JSON.stringify(said);
    await until(`it says ${wanted}`, async () =>
      this.said.some((one) => JSON.stringify(one) === wanted),
    );
  }

  private get isListening(): boolean {
    // It may speak before there is a name for it.
    return (this.coordinator as OneByOne | undefined)?.isListening === true;
  }

  async close(): Promise<void> {
    this.coordinator.close();
    await this.store.disconnect();
  }
}

/** A pattern as the cache makes them. */
export function pattern(source: string): KeyPattern {
  return new Glob(source);
}

/** How many values a clear removed, or a count found. */
/** The sum over the steps of a count or a removal. */
export async function total(
  steps: AsyncIterable<number | readonly (readonly string[])[]>,
): Promise<number> {
  let sum = 0;
  for await (const step of steps) sum += typeof step === 'number' ? step : step.flat().length;
  return sum;
}
