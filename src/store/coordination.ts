import type { Coordinator, Grant, Snapshots, TagVersions } from './coordinator.js';
import type { Load } from './dispatcher.js';
import { FINISH, type Guard } from './guard.js';
import type { Repairs } from './repairs.js';

/**
 * The coordinator's operations that concern no pending invalidation, within the store's guard.
 *
 * @internal
 */
export class Coordination {
  /** Leases that were taken from their holders: what they store replaces what is there. */
  private readonly seized = new Set<string>();

  constructor(
    private readonly guard: Guard,
    private readonly repairs: Repairs,
    private readonly timeoutMs: number,
  ) {}

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
    let isSent = false;
    const grant = await this.run(
      'acquire',
      (coordinator) => {
        isSent = true;
        return coordinator.acquire(key, token, leaseMs, budgetMs, seize);
      },
      undefined,
      budgetMs,
    );
    if (seize && grant?.granted === true) this.seized.add(token);
    return isSent ? grant : 'unsent';
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
  ): Promise<boolean | undefined> {
    const stored = await this.run('fill', (to) => to.fill(key, token, text(), ttlMs), FINISH);
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
    run: (coordinator: Coordinator) => Promise<T>,
    load?: Load,
    budgetMs = this.timeoutMs,
  ): Promise<T | undefined> {
    return await this.guard.attempt(
      operation,
      async (backend) => {
        await this.repairs.ready(backend);
        return backend.coordinator === undefined ? undefined : await run(backend.coordinator);
      },
      budgetMs,
      load,
    );
  }
}
