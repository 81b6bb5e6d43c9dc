import { CacheManager, type CacheOptions } from 'aurora-cache';

import { coreOf } from '../../coherence/sabotage.js';
import { until } from './server.js';

/** A cache, and what it says of itself. */
export class Watched {
  readonly cache: CacheManager;
  /** Messages of its `error` events. */
  readonly errors: string[] = [];
  /** Its `degraded` and `recovered` events. */
  readonly states: ('degraded' | 'recovered')[] = [];

  constructor(options: CacheOptions) {
    this.cache = new CacheManager(options);
    this.cache.on('error', ({ error }) => this.errors.push((error as Error).message));
    for (const event of ['degraded', 'recovered'] as const) {
      this.cache.on(event, () => this.states.push(event));
    }
  }

  /** Waits until it returns a value under a key: what another process says arrives a little later. */
  async untilGets(key: string, value: unknown): Promise<void> {
    await until(`${key} is ${String(value)}`, async () => (await this.cache.get(key)) === value);
  }

  /**
   * Waits until Redis is used, until it has heard of all that was invalidated, and until it is known that
   * Redis has not been set back.
   */
  async untilWell(patienceMs?: number): Promise<this> {
    await until(
      'the cache is well',
      async () => {
        const { degraded, breaker, pendingInvalidations, listening } = await this.cache.getStats();
        const isWell = !degraded && listening && breaker === 'closed' && pendingInvalidations === 0;
        return isWell && coreOf(this.cache).shared?.isCurrent === true;
      },
      patienceMs,
    );
    return this;
  }
}
