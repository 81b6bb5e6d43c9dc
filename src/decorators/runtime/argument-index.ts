import { flatRecord } from '../../base/keys/flat-text.js';
import type { EntryIndex, MemoryEntry } from '../../cache/read/get-or-load.js';
import { isPrimitive, NO_ARGUMENT, TupleIndex, tupleOf } from './tuple-index.js';

/** The first character of a record's text. */
const PARENTHESIS = 0x28;

/** The `indexKey` of an entry that is in no index. */
const NOT_INDEXED = Symbol('not indexed');

/**
 * Maps the arguments of a call directly to its entry in memory, so that a hit builds no key: the key would
 * cost four to five times as much as the rest of a hit.
 *
 * The store notifies the index when it removes an entry, so the index is never larger than the store
 * and never leads to a value that is gone.
 *
 * @internal
 */
export class ArgumentIndex implements EntryIndex {
  /** Entries of calls with one primitive argument, or with none: {@link NO_ARGUMENT}. */
  readonly single = new Map<unknown, MemoryEntry>();
  /** Entries of calls with two or three primitive arguments. */
  private readonly tuples = new TupleIndex();
  /** Entries of calls with one record of primitives, by the text of the record. */
  private readonly records = new Map<string, MemoryEntry>();

  /** @param keyOfText - The key of a call whose only argument has this text. */
  constructor(private readonly keyOfText: (text: string) => string) {}

  /**
   * The entry of a call with none, two or three arguments. On the hot path; that of a call with one is
   * in {@link single}.
   *
   * @param count - How many arguments there are.
   */
  find(count: number, first: unknown, second: unknown, third: unknown): MemoryEntry | undefined {
    if (count === 0) return this.single.get(NO_ARGUMENT);
    return this.tuples.find(first, second, count === 2 ? NO_ARGUMENT : third);
  }

  /** Indexes an entry by the arguments of its call, if they are of a kind that can be indexed. */
  add(entry: MemoryEntry, args: readonly unknown[]): void {
    if (args.length > 1) {
      const tuple = tupleOf(args);
      if (tuple !== undefined) this.tuples.add(tuple, entry);
      else entry.indexKey = NOT_INDEXED;
      return;
    }
    const argument = args.length === 0 ? NO_ARGUMENT : args[0];
    if (isPrimitive(argument)) {
      entry.indexKey = argument;
      this.single.set(argument, entry);
      return;
    }
    const text = flatRecord(argument);
    // A getter may return another value each time, so only the key proves that the entry is this call's.
    if (text !== undefined && entry.key === this.keyOfText(text)) {
      entry.indexKey = text;
      this.records.set(text, entry);
    } else {
      entry.indexKey = NOT_INDEXED;
    }
  }

  /**
   * The key of a call whose only argument is a record of primitives, if such a call has hit before.
   * The text of the record alone costs half as much as the key.
   */
  keyOf(args: readonly unknown[]): string | undefined {
    if (this.records.size === 0 || args.length !== 1) return undefined;
    const text = flatRecord(args[0]);
    // `charCodeAt` flattens V8's rope string once, for hashing and for comparing. Without it, a hit by an
    // object argument takes 1.15 times as long (`npm run bench -- ablation`).
    if (text?.charCodeAt(0) !== PARENTHESIS) return undefined;
    return this.records.get(text)?.key;
  }

  onRemove(entry: MemoryEntry): void {
    const { indexKey } = entry;
    if (Array.isArray(indexKey)) this.tuples.remove(entry);
    else if (this.single.get(indexKey) === entry) this.single.delete(indexKey);
    else if (this.records.get(indexKey as string) === entry) {
      this.records.delete(indexKey as string);
    }
  }
}
