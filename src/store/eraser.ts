import { DISPATCH } from '../base/defaults.js';
import type { Backend } from './backend.js';
import type { KeyPattern } from './coordinator.js';
import type { Lane } from './dispatcher.js';
import { isFresh } from './envelope.js';
import type { Guard, Telling } from './guard.js';

/** The patterns of one caller. */
export type Group = readonly KeyPattern[];

/** Result of a pass: how many fresh entries it removed for each group, and whether it came to its end. */
export interface PassOutcome {
  readonly counts: readonly number[];
  readonly isDone: boolean;
}

interface Found {
  readonly key: string;
  readonly value: unknown;
  readonly owners: readonly number[];
}

/**
 * Removes keys from a store, one, many, or all that match: step by step, within its guard.
 *
 * @internal
 */
export class Eraser {
  /**
   * @param prefix - In front of every key in the store.
   * @param now - The time on the store's clock.
   */
  constructor(
    private readonly guard: Guard,
    private readonly prefix: string,
    private readonly now: () => number,
  ) {}

  /**
   * Removes keys, with what else a coordinator has of them.
   *
   * @returns For each key, whether there was an entry that had not expired.
   */
  async erase({ port, coordinator }: Backend, keys: readonly string[]): Promise<boolean[]> {
    await coordinator?.ready();
    if (coordinator !== undefined) {
      const heads = await coordinator.deleteMany(keys);
      return heads.map((head) => head !== undefined && isFresh(head, this.now()));
    }
    return await Promise.all(
      keys.map(async (key) => {
        const full = this.prefix + key;
        // The removal does not say whether it had expired. An unreadable entry may be fresh.
        const wasFresh = await port.get(full).then(
          (value) => isFresh(value, this.now()),
          () => true,
        );
        return (await port.delete(full)) && wasFresh;
      }),
    );
  }

  /** Removes what matches, step by step, in one pass for all groups. Never rejects. */
  async eraseMatching(groups: readonly Group[], telling: Telling): Promise<PassOutcome> {
    const counts = groups.map(() => 0);
    const steps = this.steps(groups, counts);
    const operation = this.guard.backend?.coordinator === undefined ? 'iterator' : 'clear';
    for (;;) {
      // Step by step, since a large store may rightly take longer than a time-out altogether.
      const step = await this.guard.force(operation, () => steps.next(), telling);
      if (step === undefined) return { counts, isDone: false };
      if (step.done === true) return { counts, isDone: true };
      if (!(await this.eraseFound(step.value, counts, telling))) return { counts, isDone: false };
    }
  }

  /** Removes keys, some at a time; returns whether all of it succeeded. */
  async eraseAll(keys: readonly string[], telling: Telling): Promise<boolean> {
    for (let i = 0; i < keys.length;) {
      const chunks: Promise<boolean[] | undefined>[] = [];
      for (; chunks.length < DISPATCH.chunksInFlight && i < keys.length; i += DISPATCH.chunk) {
        chunks.push(this.eraseChunk(keys.slice(i, i + DISPATCH.chunk), telling, 'bulk'));
      }
      if ((await Promise.all(chunks)).includes(undefined)) return false;
    }
    return true;
  }

  private async eraseFound(
    found: readonly Found[],
    counts: number[],
    telling: Telling,
  ): Promise<boolean> {
    // One by one, so that one failure is one failure: these stores have no command for many.
    const removed = await Promise.all(
      found.map(({ key }) =>
        this.guard.force('delete', ({ port }) => port.delete(this.prefix + key), telling),
      ),
    );
    for (const [i, { value, owners }] of found.entries()) {
      if (removed[i] !== true || !isFresh(value, this.now())) continue;
      for (const owner of owners) counts[owner] = (counts[owner] ?? 0) + 1;
    }
    return !removed.includes(undefined);
  }

  private eraseChunk(
    keys: readonly string[],
    telling: Telling,
    lane: Lane,
  ): Promise<boolean[] | undefined> {
    return this.guard.force('delete', (backend) => this.erase(backend, keys), telling, undefined, {
      weight: keys.length,
      lane,
    });
  }

  /** Removes with a coordinator, and counts; or finds entries that are still to be removed. */
  private async *steps(
    groups: readonly Group[],
    counts: number[],
  ): AsyncGenerator<readonly Found[], void> {
    const { port, coordinator } = await this.guard.whenOpen();
    if (coordinator !== undefined) {
      await coordinator.ready();
      for await (const removed of coordinator.clear(groups)) {
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
        const owners = full.startsWith(prefix) ? ownersOf(groups, full.slice(prefix.length)) : [];
        if (owners.length > 0) batch.push({ key: full.slice(prefix.length), value, owners });
        if (++seen % DISPATCH.chunk > 0) continue;
        yield batch;
        batch = [];
      }
    } catch (error) {
      // Entries that were listed before the failure can be removed all the same.
      yield batch;
      throw error;
    }
    yield batch;
  }
}

function ownersOf(groups: readonly Group[], key: string): number[] {
  const owners: number[] = [];
  for (const [i, group] of groups.entries()) {
    if (group.some((pattern) => pattern.matches(key))) owners.push(i);
  }
  return owners;
}
