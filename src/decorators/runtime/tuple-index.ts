import type { MemoryEntry } from '../../cache/read/get-or-load.js';

/** Two or three primitive arguments; the third is {@link NO_ARGUMENT} for calls with two. */
export type Tuple = readonly [unknown, unknown, unknown];

/** Stands in the index for an argument that was not given. */
export const NO_ARGUMENT = Symbol('no argument');

type Node = MemoryEntry | Map<unknown, Node>;

/**
 * Maps two or three primitive arguments to the entry of their call, without a key: building one takes
 * several times as long as the rest of a hit.
 *
 * It is a tree of Maps, one level an argument, that branches only where it must: as long as a first
 * argument occurs with one pair of others, it leads straight to the entry. That makes it one look-up
 * for `(id, locale)`, and two for `(tenant, id)`. Entries contain their arguments, so that a
 * look-up notices when it has found another call's entry.
 *
 * @internal
 */
export class TupleIndex {
  private readonly root = new Map<unknown, Node>();

  /** On the hot path. `NaN` is not found. */
  find(first: unknown, second: unknown, third: unknown): MemoryEntry | undefined {
    let node = this.root.get(first);
    if (node instanceof Map) node = node.get(second);
    if (node instanceof Map) node = node.get(third);
    if (node === undefined || node instanceof Map) return undefined;
    const tuple = node.indexKey as Tuple;
    return tuple[1] === second && tuple[2] === third ? node : undefined;
  }

  /** Adds an entry, in place of an earlier one with the same arguments. */
  add(tuple: Tuple, entry: MemoryEntry): void {
    entry.indexKey = tuple;
    let map = this.root;
    for (let level = 0; ; level++) {
      const node = map.get(tuple[level]);
      if (node instanceof Map) {
        map = node;
        continue;
      }
      const other = node?.indexKey as Tuple | undefined;
      if (node === undefined || other === undefined || isSame(other, tuple)) {
        map.set(tuple[level], entry);
        return;
      }
      const branch = new Map<unknown, Node>([[other[level + 1], node]]);
      map.set(tuple[level], branch);
      map = branch;
    }
  }

  /** Removes an entry, unless another has replaced it. */
  remove(entry: MemoryEntry): void {
    const tuple = entry.indexKey as Tuple;
    const path: Map<unknown, Node>[] = [];
    let node: Node | undefined = this.root;
    while (node instanceof Map) {
      path.push(node);
      node = node.get(tuple[path.length - 1]);
    }
    if (node !== entry) return;
    // A branch without leaves goes with its last one.
    for (let level = path.length - 1; level >= 0; level--) {
      const map = path[level] as Map<unknown, Node>;
      map.delete(tuple[level]);
      if (map.size > 0) return;
    }
  }
}

/** As Maps compare. */
function isSame(one: Tuple, other: Tuple): boolean {
  return one.every((value, i) => value === other[i] || (value !== value && other[i] !== other[i]));
}

/**
 * The arguments as an index has them, if it can: two or three, all of them primitive.
 *
 * @internal
 */
export function tupleOf(args: readonly unknown[]): Tuple | undefined {
  if (args.length < 2 || args.length > 3 || !args.every(isPrimitive)) return undefined;
  return [args[0], args[1], args.length === 3 ? args[2] : NO_ARGUMENT];
}

/** Whether a value is the same for a Map whenever it has the same text in keys. */
export function isPrimitive(value: unknown): boolean {
  return typeof value === 'object' ? value === null : typeof value !== 'function';
}
