/** A synchronous store in memory. */
export interface Store {
  get(key: string): unknown;
  set(key: string, value: object): unknown;
  delete(key: string): unknown;
  /**
   * The same, for a store that weighs entries by the cost of their loads.
   *
   * @param cost - In milliseconds.
   */
  setWithCost?(key: string, value: object, cost: number): unknown;
  /** Ends timers that hold the process open. */
  close?(): void;
}

/** How a user would make one, for so many entries that live for five minutes. */
export interface StoreRival {
  readonly name: string;
  readonly note?: string;
  readonly hasTtlAndLru?: boolean;
  /** Whether the stores have `setWithCost`. */
  readonly weighsCosts?: boolean;
  make(entries: number): Store;
  /**
   * The bound to set where the store must never hold more than `entries`; absent when that is `entries`
   * itself.
   */
  strictBound?(entries: number): number;
}

export const TTL_MS = 300_000;
