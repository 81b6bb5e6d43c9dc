/** A synchronous store in memory. */
export interface Store {
  get(key: string): unknown;
  set(key: string, value: object): unknown;
  delete(key: string): unknown;
}

/** How a user would make one, for so many entries that live for five minutes. */
export interface StoreRival {
  readonly name: string;
  readonly note?: string;
  readonly hasTtlAndLru?: boolean;
  make(entries: number): Store;
}

export const TTL_MS = 300_000;
