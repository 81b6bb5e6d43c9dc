import { OversizeError } from '../base/oversize.js';
import type { MemoryStore } from '../memory/memory-store.js';

/**
 * The copies of values that callers and memory get where `clone` is on. A value that cannot be copied
 * is handed out as it is, and not kept; that is reported once, however many callers get it.
 *
 * @internal
 */
export class ValueCopies {
  private readonly asTheyAre = new WeakSet<object>();

  constructor(
    private readonly memory: MemoryStore | undefined,
    private readonly report: (error: unknown) => void,
  ) {}

  /** A value as memory will keep it: a copy, or frozen. */
  toKeep(value: unknown): unknown {
    if (this.memory === undefined || !this.canKeep(value)) return value;
    try {
      return this.memory.protection.protect(value);
    } catch (error) {
      return this.handOut(value, error);
    }
  }

  /** A value as one of several callers gets it. */
  forCaller(value: unknown): unknown {
    if (this.memory?.protection.clones !== true || !this.canKeep(value)) return value;
    try {
      return this.memory.protection.copyOf(value);
    } catch (error) {
      return this.handOut(value, error);
    }
  }

  /** Whether nothing is known against keeping it. */
  canKeep(value: unknown): boolean {
    return !this.asTheyAre.has(value as object);
  }

  /** Deals with a value that could not be kept; what is only too large is no failure. */
  handOut(value: unknown, error: unknown): unknown {
    if (this.memory?.protection.clones === true && isObject(value)) this.asTheyAre.add(value);
    if (!(error instanceof OversizeError)) this.report(error);
    return value;
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
