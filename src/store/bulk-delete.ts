import { DISPATCH } from '../base/options/defaults.js';
import { ConfigurationError } from '../base/errors/errors.js';
import { inSharedContext } from '../base/async/shared-context.js';
import type { Backend } from './backend.js';
import type { KeyPattern, PatternGroup } from './coordinator.js';
import { isFresh } from './codec/envelope.js';
import { matchingGroups } from './pattern-groups.js';
import { BACKGROUND, WRITE, type AttemptOptions, type StoreCall } from './resilience/store-call.js';

/** Result of a pass: the number of fresh entries that it removed for each group, and whether it is complete. */
interface PassOutcome {
  readonly counts: readonly number[];
  readonly isDone: boolean;
}

interface Found {
  readonly key: string;
  readonly value: unknown;
  readonly owners: readonly number[];
}

/**
 * Removes keys from a store: one, several, or all matching ones, in steps. Each step is a {@link StoreCall}.
 *
 * @internal
 */
export class BulkDelete {
  private readonly passes = new Passes((groups) => this.deleteMatching(groups));

  /**
   * @param prefix - Prefix of every key in the store.
   * @param now - The time on the store's clock.
   */
  constructor(
    private readonly calls: StoreCall,
    private readonly prefix: string,
    private readonly now: () => number,
  ) {}

  /** Whether the store can list its keys, as far as is known. */
  get canList(): boolean {
    const { backend } = this.calls;
    if (backend === undefined || backend.coordinator !== undefined) return true;
    return backend.port.entries(this.prefix) !== undefined;
  }

  /**
   * Removes keys with one command if the store supports it.
   *
   * @returns For each key, whether it had a fresh entry; `undefined` without a reply.
   */
  async delete(
    keys: readonly string[],
    attempt: AttemptOptions = WRITE,
  ): Promise<readonly boolean[] | undefined> {
    const run = (backend: Backend): Promise<boolean[]> => this.deleteIn(backend, keys);
    return await this.calls.attempt('delete', run, { ...attempt, skipsGate: true });
  }

  /**
   * Removes all keys that match one of the patterns, in a pass that several callers share.
   *
   * @returns The number of fresh entries removed, and whether all keys are gone.
   * @throws ConfigurationError if the store cannot list its keys.
   */
  async deletePatterns(patterns: PatternGroup): ReturnType<Passes['remove']> {
    if (!this.canList) {
      throw new ConfigurationError(
        'clear: patterns cannot be cleared, because the store cannot list its keys (it has no ' +
          'iterator). Use delete, tags, or a store with an iterator.',
      );
    }
    return this.calls.isBreakerOpen
      ? { count: 0, isDone: false }
      : await this.passes.remove(patterns);
  }

  /** Removes all matching keys, step by step, in one pass for all groups. Never rejects. */
  async deleteMatching(
    groups: readonly PatternGroup[],
    attempt?: AttemptOptions,
  ): Promise<PassOutcome> {
    const counts = groups.map(() => 0);
    const steps = this.steps(groups, counts);
    const operation = this.calls.backend?.coordinator === undefined ? 'iterator' : 'clear';
    const stepping: AttemptOptions = { ...BACKGROUND, report: attempt?.report };
    for (;;) {
      // In steps, since a large store may take longer than one time-out.
      const step = await this.calls.attempt(operation, () => steps.next(), stepping);
      if (step === undefined) return { counts, isDone: false };
      if (step.done === true) return { counts, isDone: true };
      if (!(await this.deleteFound(step.value, counts, stepping))) return { counts, isDone: false };
    }
  }

  /** Removes keys in the background, in batches; returns whether all removals succeeded. */
  async deleteKeys(keys: readonly string[]): Promise<boolean> {
    for (let i = 0; i < keys.length;) {
      const chunks: Promise<readonly boolean[] | undefined>[] = [];
      for (; chunks.length < DISPATCH.chunksInFlight && i < keys.length; i += DISPATCH.chunk) {
        const some = keys.slice(i, i + DISPATCH.chunk);
        chunks.push(this.delete(some, { weight: some.length, lane: 'bulk', report: false }));
      }
      if ((await Promise.all(chunks)).includes(undefined)) return false;
    }
    return true;
  }

  private async deleteIn(
    { port, coordinator }: Backend,
    keys: readonly string[],
  ): Promise<boolean[]> {
    await coordinator?.ready();
    if (coordinator !== undefined) {
      const heads = await coordinator.entries.delete(keys);
      return heads.map((head) => head !== undefined && isFresh(head, this.now()));
    }
    return await Promise.all(
      keys.map(async (key) => {
        const full = this.prefix + key;
        // `delete` does not report whether the entry was fresh. An unreadable one may have been.
        const wasFresh = await port.get(full).then(
          (value) => isFresh(value, this.now()),
          () => true,
        );
        return (await port.delete(full)) && wasFresh;
      }),
    );
  }

  private async deleteFound(
    found: readonly Found[],
    counts: number[],
    attempt: AttemptOptions,
  ): Promise<boolean> {
    // One command per key, so that each failure concerns one: Keyv adapters differ in `deleteMany`.
    const removed = await Promise.all(
      found.map(({ key }) =>
        this.calls.attempt('delete', ({ port }) => port.delete(this.prefix + key), attempt),
      ),
    );
    for (const [i, { value, owners }] of found.entries()) {
      if (removed[i] !== true || !isFresh(value, this.now())) continue;
      for (const owner of owners) counts[owner] = (counts[owner] ?? 0) + 1;
    }
    return !removed.includes(undefined);
  }

  /** Lists the matching entries in steps. With a coordinator, each step also removes and counts them. */
  private async *steps(
    groups: readonly PatternGroup[],
    counts: number[],
  ): AsyncGenerator<readonly Found[], void> {
    const { port, coordinator } = await this.calls.whenOpen();
    if (coordinator !== undefined) {
      await coordinator.ready();
      for await (const removed of coordinator.entries.clear(groups)) {
        const now = this.now();
        for (const [i, heads] of removed.entries()) {
          counts[i] = (counts[i] ?? 0) + heads.filter((head) => isFresh(head, now)).length;
        }
        yield [];
      }
      return;
    }
    const { prefix } = this;
    let seen = 0;
    let batch: Found[] = [];
    try {
      for await (const [full, value] of port.entries(prefix) ?? []) {
        const owners = full.startsWith(prefix)
          ? matchingGroups(groups, full.slice(prefix.length))
          : [];
        if (owners.length > 0) batch.push({ key: full.slice(prefix.length), value, owners });
        if (++seen % DISPATCH.chunk > 0) continue;
        yield batch;
        batch = [];
      }
    } catch (error) {
      // Entries that were listed before the failure can still be removed.
      yield batch;
      throw error;
    }
    yield batch;
  }
}

interface Pass {
  readonly groups: PatternGroup[];
  /** Position of each group by the text of its patterns, so that equal groups share one. */
  readonly positions: Map<string, number>;
  readonly outcome: Promise<PassOutcome>;
}

/**
 * Concurrent removals by pattern share one pass over the store. A removal that arrives during a pass
 * waits for the next one, since keys behind the cursor may have been written since.
 *
 * @internal
 */
class Passes {
  private next: Pass | undefined;
  private last: Promise<unknown> = Promise.resolve();

  /** @param run - Runs one pass. Never rejects. */
  constructor(private readonly run: (groups: readonly PatternGroup[]) => Promise<PassOutcome>) {}

  /** Adds the patterns to the next pass, and returns the result for them. */
  async remove(
    patterns: PatternGroup,
  ): Promise<{ readonly count: number; readonly isDone: boolean }> {
    // Several callers share the pass, so it must not retain the async context of one of them.
    const pass = (this.next ??= inSharedContext(() => this.plan()));
    const name = JSON.stringify(patterns.map(({ source }: KeyPattern) => source));
    let position = pass.positions.get(name);
    if (position === undefined) {
      position = pass.groups.push(patterns) - 1;
      pass.positions.set(name, position);
    }
    const { counts, isDone } = await pass.outcome;
    return { count: counts[position] ?? 0, isDone };
  }

  private plan(): Pass {
    const groups: PatternGroup[] = [];
    const start = async (before: Promise<unknown>): Promise<PassOutcome> => {
      await before;
      // Removals of the same turn of the event loop share the pass.
      await new Promise<void>((resolve) => {
        process.nextTick(resolve);
      });
      this.next = undefined;
      return await this.run(groups);
    };
    const outcome = start(this.last);
    this.last = outcome;
    return { groups, positions: new Map(), outcome };
  }
}
