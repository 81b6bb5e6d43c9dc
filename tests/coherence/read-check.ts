import { setImmediate } from 'node:timers/promises';

import type { CacheCore } from '../../src/cache/core/cache-core.js';
import type { Acknowledgement, Database, Trouble } from './database.js';
import type { Findings } from './findings.js';
import { isUnavailable } from './instance.js';

/**
 * Since when every process has to know of a write. A write acknowledged before Redis lost
 * state may be undone until its author has repeated it.
 *
 * @param before - When the read began.
 * @param after - When it had ended.
 */
function inForceSince(one: Acknowledgement, before: Trouble, after: Trouble): number {
  if (one.restarts >= after.crashes) return one.at;
  const caught = before.caught.get(one.author);
  return caught !== undefined && caught.crash >= after.crashes
    ? Math.max(one.at, caught.at)
    : Infinity;
}

export interface ReadCheckOptions {
  readonly database: Database;
  readonly findings: Findings;
  /** Keeps an example of each old value, not only of the oldest ones: none is allowed. */
  readonly isStrict: boolean;
}

/** Checks what a process reads against what had been acknowledged when the read began. */
export class ReadCheck {
  /** The newest version of each row that this process has got acknowledged. */
  private readonly own = new Map<string, number>();

  constructor(private readonly options: ReadCheckOptions) {}

  /** This process got a version acknowledged. */
  acknowledged(row: string, version: number): void {
    this.own.set(row, Math.max(version, this.own.get(row) ?? 0));
  }

  /** Notes what a read of a row has to know of; checks what it returned, and how, when called. */
  async begin(
    row: string,
    core: CacheCore,
  ): Promise<(how: string, version: number) => Promise<void>> {
    const { database, findings } = this.options;
    const [before, acknowledged] = await Promise.all([
      database.trouble(),
      database.acknowledged(row),
    ]);
    // A process that was not let run for a while hears first what has arrived meanwhile.
    await setImmediate();
    const floor = this.own.get(row) ?? 0;
    const isDeaf = core.shared?.isListening !== true;
    const wasAway = isUnavailable(core);
    const startedAt = Date.now();
    return async (how, version) => {
      if (wasAway || isUnavailable(core)) {
        findings.count.unchecked++;
        return;
      }
      findings.count.reads++;
      const newer = acknowledged.filter((one) => one.version > version);
      const after = newer.length > 0 ? await database.trouble() : before;
      const missed = newer
        .map((one) => ({ ...one, at: inForceSince(one, before, after) }))
        .filter(({ at }) => at <= startedAt);
      const example = (newest: number, ms: number): string => {
        const deaf = isDeaf ? ', deaf' : '';
        return `${row} by ${how}: ${version}, not ${newest}, acknowledged ${ms} ms before${deaf}`;
      };
      const [newest] = missed;
      if (newest !== undefined) {
        const ms = startedAt - Math.min(...missed.map(({ at }) => at));
        findings.stale(ms, isDeaf, example(newest.version, ms), this.options.isStrict);
      }
      if (version < floor) findings.ownStale(example(floor, 0));
    };
  }
}
