import { OversizeError } from '../base/errors/oversize.js';
import { TypeTable } from '../base/values/type-table.js';
import { copyOf } from './copy.js';
import { deepFreeze } from './freeze.js';
import type { MemoryStoreOptions } from './options.js';

/** Takes the place of a value whose protection is too much work. */
export const TOO_MUCH_WORK = Symbol('too much work');

/**
 * Keeps callers from changing values that others get: `freeze` and `clone`.
 *
 * @internal
 */
export class ValueProtection {
  /** Whether each reader gets a copy. */
  readonly clones: boolean;
  private readonly freezes: boolean;
  private readonly types: TypeTable;

  constructor({ clone, freeze, types }: Pick<MemoryStoreOptions, 'clone' | 'freeze' | 'types'>) {
    this.clones = clone ?? false;
    this.freezes = freeze ?? false;
    this.types = new TypeTable(types ?? []);
  }

  /**
   * A value as the store keeps it: a copy, or frozen.
   *
   * @throws SerializationError with `clone`, when the value cannot be copied exactly. OversizeError
   * when copying or freezing it is too much work.
   */
  protect(value: unknown): unknown {
    const kept = this.clones ? this.copyOf(value) : value;
    if (this.freezes) deepFreeze(kept);
    return kept;
  }

  /**
   * As {@link ValueProtection.protect}, but returns {@link TOO_MUCH_WORK} in place of an OversizeError.
   *
   * @throws SerializationError as `protect`.
   */
  tryProtect(value: unknown): unknown {
    try {
      return this.protect(value);
    } catch (error) {
      if (error instanceof OversizeError) return TOO_MUCH_WORK;
      throw error;
    }
  }

  /**
   * A copy that shares nothing with the value.
   *
   * @throws SerializationError when it cannot be copied exactly, OversizeError when that is too much
   * work.
   */
  copyOf(value: unknown): unknown {
    return copyOf(value, this.types);
  }

  /** A stored value as a reader gets it: the value itself, or a copy. */
  toReader(kept: unknown): unknown {
    if (!this.clones) return kept;
    try {
      return this.copyOf(kept);
    } catch {
      // It could be copied when it was stored: a type's `encode` or `decode` has failed since.
      return kept;
    }
  }
}
