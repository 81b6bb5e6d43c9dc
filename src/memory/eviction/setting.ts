/** How a policy weighs new entries against those that have been read before. */
export interface Setting {
  /** Share of the store for entries that are new, from 0 to 1. */
  readonly window: number;
  /** Reads by which a new entry must surpass the one that it replaces. */
  readonly margin: number;
  /** How far the priority of an evicted entry lifts those that come later, from 0 (not) to 1. */
  readonly ageing: number;
}

/** As TinyLFU decides. */
export const BY_FREQUENCY: Setting = { window: 0.01, margin: 2, ageing: 0 };

/** Close to LRU. */
export const BY_RECENCY: Setting = { window: 0.95, margin: 0, ageing: 1 };

/** From TinyLFU to LRU. */
export const SETTINGS: readonly Setting[] = [
  BY_FREQUENCY,
  { window: 0.1, margin: 1, ageing: 0 },
  { window: 0.3, margin: 0, ageing: 0.3 },
  BY_RECENCY,
];

/** Index of the setting to begin with. */
export const FIRST_SETTING = 1;
