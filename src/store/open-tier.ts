import { StoreError } from '../base/errors/errors.js';
import { inCallersContext } from '../base/async/shared-context.js';
import { warnOnce } from '../base/errors/warn.js';
import type { CacheStore } from './adapter.js';
import { openBackend, type BackendOptions, type OpenStore } from './backend.js';
import { isCoordinatedStore } from './coordinator.js';
import type { OwnDelay, SharedEntry, SharedTier, TierLeases, TierTags } from './shared-tier.js';
import type { newStoreTier, NewTierOptions } from './new-tier.js';
import type { StoreTier } from './store-tier.js';

export interface SharedTierOptions
  extends Omit<NewTierOptions, 'backend' | 'isCoordinated' | 'loadMs'>, BackendOptions {
  /** The caller's store, or a promise of one that is the cache's own. */
  readonly store: CacheStore | Promise<CacheStore>;
  /** Returns a copy of a value, for a write that waits for the code. */
  readonly preserve: (value: unknown) => unknown;
}

/** The implementation, once it has been loaded. */
let loaded: typeof newStoreTier | undefined;

/**
 * Loads the implementation of the shared tier, so that tiers opened later can use it at once. A cache in
 * memory never loads it.
 *
 * @internal
 */
export async function loadStoreTier(): Promise<typeof newStoreTier> {
  const late = await import('./new-tier.js');
  return (loaded = late.newStoreTier);
}

/**
 * Opens the shared tier of a cache. The store is opened, and its options are checked, at once.
 *
 * @param onLoad - Called with the tier to use from now on, if its code had to be loaded first.
 * @throws ConfigurationError for a store that cannot be used.
 * @internal
 */
export function openSharedTier(
  options: SharedTierOptions,
  onLoad?: (tier: SharedTier) => void,
): SharedTier {
  const { store } = options;
  const isOurs = store instanceof Promise;
  const backend = isOurs
    ? store.then((opened) => openBackend(opened, true, options))
    : openBackend(store, false, options);
  const all = { ...options, backend, isCoordinated: isOurs || isCoordinatedStore(store) };
  return loaded === undefined ? lateTier(all, onLoad) : loaded({ ...all, loadMs: 0 });
}

type LateTierOptions = Omit<NewTierOptions, 'loadMs'> & Pick<SharedTierOptions, 'preserve'>;

/** The results of operations if the code of the tier cannot be loaded: those of an unavailable store. */
const UNAVAILABLE = {
  tier: {
    catchUp: undefined,
    read: undefined,
    readMany: undefined,
    write: false,
    writeMany: undefined,
    remove: undefined,
    removeMany: undefined,
    logPending: undefined,
    removeMatching: 0,
    snapshots: undefined,
    count: undefined,
    flush: undefined,
    close: undefined,
  },
  leases: { acquire: 'unsent', renew: undefined, release: true, fill: 'failed' },
  tags: { clock: undefined, areValid: false, invalidate: undefined },
} as const satisfies {
  tier: object;
  leases: Record<keyof TierLeases, unknown>;
  tags: Record<keyof TierTags, unknown>;
};

type Unavailable = typeof UNAVAILABLE;
/** The tier itself, its leases or its tags. */
type Part = keyof Unavailable;
type TierOperations = Pick<SharedTier, keyof Unavailable['tier']>;
type Operation = (...given: unknown[]) => unknown;
type Operations = Readonly<Record<string, Operation>>;

/**
 * Stands in for a {@link StoreTier} whose code is being loaded, in the first milliseconds of a process.
 * Operations wait, and then run in their order, with the values as they were at the call. As with a static
 * import, the wait has no limit.
 */
function lateTier(options: LateTierOptions, onLoad?: (tier: SharedTier) => void): SharedTier {
  const state = new LateState(options, onLoad);
  const operationsOf = (part: Part): unknown =>
    Object.fromEntries(
      Object.keys(UNAVAILABLE[part]).map((name) => [
        name,
        (...given: unknown[]) => state.run(part, name, given),
      ]),
    );
  return Object.assign(state, operationsOf('tier') as TierOperations, {
    leases: operationsOf('leases') as TierLeases,
    tags: operationsOf('tags') as TierTags,
  });
}

/** The state of a tier that is being loaded; once it is, that of the tier itself. */
class LateState implements Omit<SharedTier, keyof TierOperations | 'leases' | 'tags'> {
  readonly isCoordinated: boolean;
  /** All waiting reads form one batch. The tier numbers its batches from 1. */
  readonly openBatchId = 0;
  private tier: StoreTier | undefined;
  private backend: OpenStore | undefined;
  private readonly waiting: (() => void)[] = [];
  private readonly start: number;
  private hasFailed = false;
  /** Invalidations that could not be sent because the code could not be loaded. */
  private lost = 0;

  constructor(
    private readonly options: LateTierOptions,
    onLoad?: (tier: SharedTier) => void,
  ) {
    const { backend, clock, isCoordinated } = options;
    this.isCoordinated = isCoordinated;
    this.start = clock.monotonic();
    if (backend instanceof Promise) {
      backend.then(
        (opened) => (this.backend = opened),
        // The operations report it.
        () => undefined,
      );
    } else this.backend = backend;
    void loadStoreTier()
      .then((newTier) => {
        const tier = newTier({ ...options, loadMs: this.ownDelay.blockedMs });
        this.tier = tier;
        // At once: a new operation must not overtake the waiting ones.
        this.runAll();
        onLoad?.(tier);
      })
      .catch((cause: unknown) => {
        this.failed(cause);
        this.runAll();
      });
  }

  get isUnavailable(): boolean {
    if (this.tier !== undefined) return this.tier.isUnavailable;
    return (
      this.hasFailed || (this.isCoordinated && this.backend?.coordinator?.isConnected !== true)
    );
  }

  get isCurrent(): boolean {
    return this.tier?.isCurrent ?? true;
  }

  get isListening(): boolean {
    return this.backend?.coordinator?.isListening === true;
  }

  get breakerState(): SharedTier['breakerState'] {
    return this.tier?.breakerState ?? (this.hasFailed ? 'open' : 'closed');
  }

  get pending(): number {
    return this.tier?.pending ?? this.lost;
  }

  get messages(): SharedTier['messages'] {
    return this.backend?.coordinator?.messages ?? { sent: 0, received: 0 };
  }

  get lastTagClock(): number | undefined {
    return this.backend?.coordinator?.lastTagClock;
  }

  get ownDelay(): OwnDelay {
    if (this.tier !== undefined) return this.tier.ownDelay;
    return { blockedMs: this.options.clock.monotonic() - this.start, queuedMs: 0 };
  }

  get batchDelay(): OwnDelay {
    return this.ownDelay;
  }

  /** Runs an operation once the tier is loaded; does not reject if it cannot be loaded. */
  run(part: Part, name: string, given: readonly unknown[]): Promise<unknown> {
    if (this.tier !== undefined || this.hasFailed) return this.proceed(part, name, given);
    const kept = given.map((one) => this.preserved(one));
    return new Promise((resolve) => {
      const proceed = inCallersContext(() => {
        resolve(this.proceed(part, name, kept));
      });
      this.waiting.push(proceed);
    });
  }

  private runAll(): void {
    for (const proceed of this.waiting.splice(0)) proceed();
  }

  private async proceed(part: Part, name: string, given: readonly unknown[]): Promise<unknown> {
    const { tier } = this;
    if (tier === undefined) {
      if (INVALIDATIONS.has(name)) this.lost++;
      if (name === 'close') await this.closeBackend();
      return (UNAVAILABLE[part] as Readonly<Record<string, unknown>>)[name];
    }
    const target = (part === 'tier' ? tier : tier[part]) as unknown as Operations;
    return await (target[name] as Operation).apply(target, [...given]);
  }

  private async closeBackend(): Promise<void> {
    try {
      await (await this.options.backend).close();
    } catch {
      // The store was never opened, or is closed already.
    }
  }

  /** An argument with copies of its values, which the caller cannot change. */
  private preserved(argument: unknown): unknown {
    if (Array.isArray(argument)) return argument.map((one) => this.preserved(one));
    if (typeof argument !== 'object' || argument === null) return argument;
    if ('entry' in argument) return { ...argument, entry: this.preserved(argument.entry) };
    if (!('staleUntil' in argument)) return argument;
    const entry = argument as SharedEntry;
    return { ...entry, value: this.options.preserve(entry.value) };
  }

  private failed(cause: unknown): void {
    this.hasFailed = true;
    const message = 'The shared tier could not be loaded. Deploy all files of a bundle.';
    warnOnce('AURORA_NO_SHARED_TIER', 'load', message);
    this.options.onError(new StoreError('load', message, { cause }));
    this.options.onChange(true);
  }
}

const INVALIDATIONS: ReadonlySet<string> = new Set<keyof TierOperations | keyof TierTags>([
  'write',
  'writeMany',
  'remove',
  'removeMany',
  'logPending',
  'removeMatching',
  'invalidate',
]);
