import { inSharedContext } from '../base/shared-context.js';
import type { KeyPattern } from './coordinator.js';
import type { Group, PassOutcome } from './eraser.js';

interface Pass {
  readonly groups: Group[];
  /** Position of a group by what its patterns say: equal ones share it. */
  readonly positions: Map<string, number>;
  readonly outcome: Promise<PassOutcome>;
}

/**
 * Concurrent removals by pattern share one pass over the store. A removal that arrives during a pass
 * waits for the next one, since keys behind the cursor may have been written meanwhile.
 *
 * @internal
 */
export class Passes {
  private next: Pass | undefined;
  private last: Promise<unknown> = Promise.resolve();

  /** @param run - Makes one pass. Never rejects. */
  constructor(private readonly run: (groups: readonly Group[]) => Promise<PassOutcome>) {}

  /** Removes what matches; tells how many fresh entries there were, and whether all are gone. */
  async remove(patterns: Group): Promise<{ readonly count: number; readonly isDone: boolean }> {
    // The last one is kept, and serves several callers: it is no single request's.
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
    const groups: Group[] = [];
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
