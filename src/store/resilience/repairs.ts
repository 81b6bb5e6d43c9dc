import type { Clock } from '../../base/time/clock.js';
import { DISPATCH } from '../../base/options/defaults.js';
import type { Backend } from '../backend.js';
import type { BulkDelete } from '../bulk-delete.js';
import type { Coordinator, KeyPattern } from '../coordinator.js';
import { Journal, type Invalidation } from './journal.js';
import { EVERYTHING, PendingLog, type PendingWork } from './pending-log.js';
import { Recovery } from './recovery.js';
import { BACKGROUND, type StoreCall } from './store-call.js';

export interface RepairsOptions {
  readonly clock: Clock;
  /** Delay from a failure to the next attempt. */
  readonly retryMs: number;
  readonly calls: StoreCall;
  readonly deletes: BulkDelete;
}

/**
 * Removes entries that are out of date in the store, after invalidations that failed, and after those that the
 * store acknowledged and then lost. Until they are removed, such entries are covered: they are not read.
 *
 * @internal
 */
export class Repairs {
  readonly log: PendingLog;
  readonly recovery: Recovery;
  readonly journal: Journal;
  private isStopped = false;

  constructor(private readonly options: RepairsOptions) {
    const { clock, retryMs, calls, deletes } = options;
    this.log = new PendingLog(() => deletes.canList);
    this.recovery = new Recovery(this.log, {
      clock,
      retryMs,
      isBlocked: () => calls.isBreakerOpen,
      replay: (work) => this.replay(work),
    });
    this.journal = new Journal({
      clock,
      onLost: (lost) => {
        this.logLost(lost);
      },
    });
  }

  /** Settles when commands can be sent and the entries that the store has brought back are covered. */
  ready({ coordinator }: Backend): Promise<void> | undefined {
    if (coordinator === undefined) return undefined;
    const wait = coordinator.ready();
    return wait === undefined
      ? this.journal.ready(coordinator.history)
      : wait.then(() => this.journal.ready(coordinator.history));
  }

  /** Whether the store is known to have kept every acknowledged invalidation. */
  get isCurrent(): boolean {
    const { coordinator } = this;
    return coordinator === undefined || this.journal.isCurrent(coordinator.history);
  }

  /** Repeats the invalidations that the store of a new connection has lost, even if there are no reads. */
  async catchUp(): Promise<void> {
    const { clock, calls, retryMs } = this.options;
    if (this.isStopped || this.isCurrent || this.coordinator?.isConnected !== true) return;
    const ready = async (backend: Backend): Promise<true> => {
      await this.ready(backend);
      return true;
    };
    if ((await calls.attempt('journal', ready, BACKGROUND)) !== undefined) return;
    clock.setTimeout(() => {
      void this.catchUp();
    }, retryMs);
  }

  covers(key: string, tags: readonly string[]): boolean {
    return this.log.size > 0 && (this.log.covers(key) || this.log.coversTags(tags));
  }

  /** Call it when the store has removed or replaced the entries of the keys. */
  keysDone(keys: readonly string[]): void {
    for (const key of keys) this.log.removeKey(key);
    this.acknowledged(keys.map((name) => ({ kind: 'key', name })));
  }

  /** The same for a fill, which does not settle a removal that has failed. */
  keyReplaced(key: string): void {
    this.acknowledged([{ kind: 'key', name: key }]);
  }

  tagsDone(tags: readonly string[]): void {
    this.acknowledged(tags.map((name) => ({ kind: 'tag', name })));
  }

  patternsDone(patterns: readonly KeyPattern[]): void {
    this.acknowledged(patterns.map((pattern) => ({ kind: 'pattern', pattern })));
  }

  /** Logs the keys, whose entries are out of date in the store, and schedules their removal. */
  keysFailed(keys: readonly string[]): void {
    if (keys.length === 0) return;
    for (const key of keys) this.log.addKey(key);
    this.recovery.schedule();
  }

  tagsFailed(tags: readonly string[]): void {
    this.log.addTags(tags);
    this.recovery.schedule();
  }

  patternsFailed(patterns: readonly KeyPattern[]): void {
    this.log.addPatterns(patterns);
    this.recovery.schedule();
  }

  stop(): void {
    this.isStopped = true;
    this.recovery.stop();
  }

  private get coordinator(): Coordinator | undefined {
    return this.options.calls.backend?.coordinator;
  }

  private acknowledged(what: readonly Invalidation[]): void {
    this.journal.acknowledged(this.coordinator?.history, what);
  }

  private logLost(lost: readonly Invalidation[]): void {
    const patterns: KeyPattern[] = [];
    for (const what of lost) {
      if (what.kind === 'pattern') patterns.push(what.pattern);
      else if (what.kind === 'key') this.log.addKey(what.name);
      else this.log.addTags([what.name]);
    }
    this.log.addPatterns(patterns);
    this.recovery.schedule();
  }

  private async replay({ keys, tags, patterns }: PendingWork): Promise<boolean> {
    const { deletes } = this.options;
    // A store that cannot list its keys cannot remove by pattern.
    if (patterns.length > 0 && !deletes.canList) return false;
    if (!(await deletes.deleteKeys(keys))) return false;
    this.acknowledged(keys.map((name) => ({ kind: 'key', name })));
    for (let i = 0; i < tags.length; i += DISPATCH.chunk) {
      const batch = tags.slice(i, i + DISPATCH.chunk);
      if (!(await this.invalidate(batch))) return false;
      this.tagsDone(batch);
    }
    if (patterns.length === 0) return true;
    if (!(await deletes.deleteMatching([patterns], BACKGROUND)).isDone) return false;
    // The log now removes its hashes. If the store returns to an earlier state, any key may be one of them.
    this.patternsDone(patterns.map((one) => (one.source === EVERYTHING.source ? EVERYTHING : one)));
    return true;
  }

  private async invalidate(tags: readonly string[]): Promise<boolean> {
    const invalidate = async ({ coordinator }: Backend): Promise<true> => {
      await coordinator?.tags.invalidate(tags);
      return true;
    };
    return (await this.options.calls.attempt('tags', invalidate, BACKGROUND)) === true;
  }
}
