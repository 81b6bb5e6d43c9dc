import type { Backend } from './backend.js';
import type { KeyPattern } from './coordinator.js';
import type { Guard, Telling } from './guard.js';

/** Deletions under way at once. */
export const DELETE_BATCH = 100;

/**
 * Removes keys from a store, one, many, or all that match: step by step, within its guard.
 *
 * @internal
 */
export class Eraser {
  /** @param prefix - In front of every key in the store. */
  constructor(
    private readonly guard: Guard,
    private readonly prefix: string,
  ) {}

  /** Removes one key, with what else a coordinator has of it; answers whether it was there. */
  async erase({ port, coordinator }: Backend, key: string): Promise<boolean> {
    await coordinator?.ready();
    return coordinator === undefined
      ? await port.delete(this.prefix + key)
      : await coordinator.delete(key);
  }

  /** Removes what matches, step by step; answers whether all of it succeeded. */
  async eraseMatching(
    patterns: readonly KeyPattern[],
    count: { removed: number },
    telling: Telling,
  ): Promise<boolean> {
    const steps = this.steps(patterns);
    const operation = this.guard.backend?.coordinator === undefined ? 'iterator' : 'clear';
    for (;;) {
      // Step by step, since a large store may rightly take longer than a time-out altogether.
      const step = await this.guard.force(operation, () => steps.next(), telling);
      if (step === undefined) return false;
      if (step.done === true) return true;
      if (typeof step.value === 'number') count.removed += step.value;
      else if (!(await this.eraseAll(step.value, count, telling))) return false;
    }
  }

  /** Removes several keys; answers whether all of it succeeded. */
  async eraseAll(
    keys: readonly string[],
    count: { removed: number },
    telling: Telling,
  ): Promise<boolean> {
    const answers = await Promise.all(
      keys.map((key) => this.guard.force('delete', (backend) => this.erase(backend, key), telling)),
    );
    count.removed += answers.filter((there) => there === true).length;
    return !answers.includes(undefined);
  }

  /** What a coordinator has removed, step by step; or keys that are still to be removed. */
  private async *steps(
    patterns: readonly KeyPattern[],
  ): AsyncGenerator<number | readonly string[], void> {
    const { port, coordinator } = await this.guard.whenOpen();
    if (coordinator !== undefined) {
      await coordinator.ready();
      yield* coordinator.clear(patterns);
      return;
    }
    const { prefix } = this;
    let seen = 0;
    let batch: string[] = [];
    try {
      for await (const full of port.keys(prefix) ?? []) {
        const key = full.slice(prefix.length);
        if (full.startsWith(prefix) && patterns.some((one) => one.matches(key))) batch.push(key);
        if (++seen % DELETE_BATCH > 0) continue;
        yield batch;
        batch = [];
      }
    } catch (error) {
      // What has been listed can go all the same.
      yield batch;
      throw error;
    }
    yield batch;
  }
}
