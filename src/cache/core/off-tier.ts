import { StoreError } from '../../base/errors/errors.js';
import { keepAlive } from '../../base/time/keep-alive.js';
import type { SharedTier } from '../../store/shared-tier.js';

/**
 * The shared tier of a disabled, closing or closed cache. Such a cache neither reads nor stores, but still
 * removes entries that other processes would serve. The first removal opens the tier. Once the cache is
 * closed, its own connection closes after the last removal.
 *
 * @internal
 */
export class OffTier {
  private tier: SharedTier | undefined;
  private readonly running = new Set<Promise<unknown>>();
  private isClosed = false;

  /** @param open - Opens the tier; returns `undefined` if the cache has only memory. */
  constructor(private readonly open: () => SharedTier | undefined) {}

  /**
   * Runs a removal.
   *
   * @returns `undefined` without a shared tier.
   * @throws StoreError when the store did not confirm it; it is retried while the tier is open.
   */
  async run<T>(removal: (shared: SharedTier) => Promise<T>): Promise<T | undefined> {
    const tier = (this.tier ??= this.open());
    if (tier === undefined) return undefined;
    const work = confirmed(tier, removal);
    this.running.add(work);
    // The cache's sockets and timers are unref'ed: the process could exit and lose the removal.
    const release = keepAlive();
    try {
      return await work;
    } finally {
      release();
      this.running.delete(work);
      await this.closeIfIdle();
    }
  }

  /** Removals under way. */
  get underWay(): readonly Promise<unknown>[] {
    return [...this.running];
  }

  /** Removals that the store has not confirmed. */
  get pending(): number {
    return this.tier?.pending ?? 0;
  }

  /** Tries once more to remove what the store has not confirmed. */
  async flush(): Promise<void> {
    await this.tier?.flush();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.closeIfIdle();
  }

  private async closeIfIdle(): Promise<void> {
    const { tier } = this;
    // Another kind of store is the caller's: there is no connection to end.
    if (!this.isClosed || this.running.size > 0 || tier?.isCoordinated !== true) return;
    this.tier = undefined;
    await tier.close();
  }
}

async function confirmed<T>(
  tier: SharedTier,
  removal: (shared: SharedTier) => Promise<T>,
): Promise<T> {
  const result = await removal(tier);
  if (tier.pending === 0) return result;
  throw new StoreError(
    'invalidate',
    'The cache is disabled or closed, and its store has not confirmed the removal: other processes ' +
      'may serve the old values until they expire.',
  );
}
