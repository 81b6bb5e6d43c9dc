import { systemClock, type Clock } from '../base/time/clock.js';
import { toMilliseconds, type Duration } from '../base/time/duration.js';
import {
  checkOptions,
  isAnything,
  isBoolean,
  isClock,
  isDuration,
  isFunction,
  isIntegerIn,
  type Check,
} from '../base/options/options.js';

/** Operations of a {@link FaultStore} that can be made to fail. */
export type StoreOperation = 'get' | 'getMany' | 'set' | 'delete' | 'iterator';

/** How operations fail. */
export interface Fault {
  /**
   * The operations that fail.
   *
   * @default all operations
   */
  on?: readonly StoreOperation[] | undefined;
  /**
   * How many operations fail.
   *
   * @default all until {@link FaultStore.heal}
   */
  times?: number | undefined;
  /**
   * Rejects with this error.
   *
   * @default none
   */
  error?: Error | undefined;
  /**
   * Delays the reply.
   *
   * @default none
   */
  latency?: Duration | undefined;
  /**
   * Never replies, until {@link FaultStore.release}.
   *
   * @default false
   */
  hang?: boolean | undefined;
  /**
   * Runs the operation before the latency or the error; otherwise after it, or not at all.
   *
   * @default false
   */
  applied?: boolean | undefined;
  /**
   * Returns a value in place of the stored one, for reads.
   *
   * @default none
   */
  corrupt?: ((stored: unknown) => unknown) | undefined;
}

const OPERATIONS: readonly unknown[] = [
  'get',
  'getMany',
  'set',
  'delete',
  'iterator',
] satisfies StoreOperation[];

const areOperations: Check = (value) =>
  Array.isArray(value) && value.every((one) => OPERATIONS.includes(one))
    ? undefined
    : `an array of ${OPERATIONS.join(', ')}`;

const isTimes: Check = (value) =>
  value === Infinity ? undefined : isIntegerIn(1, Number.MAX_SAFE_INTEGER)(value, 'times');

interface ActiveFault extends Fault {
  left: number;
}

/**
 * A storage adapter for tests. It keeps entries in a `Map` and fails on demand: it can be slow, reject, hang,
 * or return corrupt values.
 *
 * @example
 * ```ts
 * const store = new FaultStore();
 * const cache = new CacheManager({ store });
 * store.inject({ on: ['get'], error: new Error('connection lost'), times: 3 });
 * await cache.getOrSet('key', load); // loads; no caller sees the error
 * store.heal();
 * ```
 */
export class FaultStore {
  /** Part of Keyv's adapter contract. */
  readonly opts: Record<string, unknown> = { dialect: 'sqlite' };
  /** Part of Keyv's adapter contract. */
  namespace: string | undefined = undefined;
  /** The stored values; tests may read and change them. */
  readonly entries = new Map<string, { value: unknown; expiresAt: number }>();
  /** Calls by operation, failed ones included. */
  readonly calls: Record<StoreOperation, number> = {
    get: 0,
    getMany: 0,
    set: 0,
    delete: 0,
    iterator: 0,
  };
  private readonly clock: Clock;
  private readonly faults: ActiveFault[] = [];
  private readonly hanging: (() => void)[] = [];

  /** @param options - `clock`: source of time for latency and expiry; default: the system clock. */
  constructor(options: { clock?: Clock | undefined } = {}) {
    checkOptions('FaultStore', options, { clock: isClock });
    this.clock = options.clock ?? systemClock;
  }

  /** Makes operations fail from now on. If several faults match an operation, the first one applies. */
  inject(fault: Fault): this {
    checkOptions('inject', fault, {
      on: areOperations,
      times: isTimes,
      error: isAnything,
      latency: isDuration,
      hang: isBoolean,
      applied: isBoolean,
      corrupt: isFunction,
    });
    this.faults.push({ ...fault, left: fault.times ?? Infinity });
    return this;
  }

  /** Ends all faults. Operations that hang continue to hang; see {@link FaultStore.release}. */
  heal(): this {
    this.faults.length = 0;
    return this;
  }

  /** Resumes the operations that hang. */
  release(): this {
    for (const resume of this.hanging.splice(0)) resume();
    return this;
  }

  /** Returns the value of a key, or `undefined`. */
  get<T>(key: string): Promise<T | undefined> {
    return this.run('get', () => this.read(key)) as Promise<T | undefined>;
  }

  /** Returns the values of several keys, in their order. */
  getMany<T>(keys: readonly string[]): Promise<(T | undefined)[]> {
    return this.run(
      'getMany',
      () => keys.map((key) => this.read(key)),
      (value, corrupt) => (value as unknown[]).map(corrupt),
    ) as Promise<(T | undefined)[]>;
  }

  /** Stores a value; `ttl` in milliseconds. */
  set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return this.run('set', () => {
      const expiresAt = ttl === undefined || ttl === 0 ? Infinity : this.clock.now() + ttl;
      this.entries.set(key, { value, expiresAt });
      return true;
    }) as Promise<boolean>;
  }

  /** Removes a key; returns whether it existed. */
  delete(key: string): Promise<boolean> {
    return this.run('delete', () => this.entries.delete(key)) as Promise<boolean>;
  }

  /** Removes everything; never fails. */
  clear(): Promise<void> {
    this.entries.clear();
    return Promise.resolve();
  }

  /** Iterates over keys and values. */
  async *iterator<T>(): AsyncGenerator<[string, T], void> {
    const keys = (await this.run('iterator', () => [...this.entries.keys()])) as string[];
    for (const key of keys) yield [key, this.read(key) as T];
  }

  /** Part of Keyv's adapter contract; emits nothing. */
  on(_event: string, _listener: (...args: unknown[]) => void): this {
    return this;
  }

  private read(key: string): unknown {
    const entry = this.entries.get(key);
    return entry !== undefined && this.clock.now() < entry.expiresAt ? entry.value : undefined;
  }

  private async run(
    operation: StoreOperation,
    work: () => unknown,
    each: (value: unknown, corrupt: (stored: unknown) => unknown) => unknown = (value, corrupt) =>
      corrupt(value),
  ): Promise<unknown> {
    this.calls[operation]++;
    const fault = this.take(operation);
    if (fault === undefined) return work();
    const early = fault.applied === true ? { result: work() } : undefined;
    if (fault.latency !== undefined) await this.sleep(fault.latency);
    if (fault.hang === true) await new Promise<void>((resolve) => this.hanging.push(resolve));
    if (fault.error !== undefined) throw fault.error;
    const result = early === undefined ? work() : early.result;
    const { corrupt } = fault;
    return corrupt !== undefined && operation.startsWith('get') ? each(result, corrupt) : result;
  }

  private take(operation: StoreOperation): ActiveFault | undefined {
    const fault = this.faults.find(({ on }) => on === undefined || on.includes(operation));
    if (fault === undefined) return undefined;
    if (--fault.left <= 0) this.faults.splice(this.faults.indexOf(fault), 1);
    return fault;
  }

  private sleep(duration: Duration): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimeout(resolve, toMilliseconds(duration, 'latency'));
    });
  }
}
