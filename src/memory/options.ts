import type { Clock } from '../base/clock.js';
import { LIMITS } from '../base/defaults.js';
import {
  checkOptions,
  isAnything,
  isBoolean,
  isFunction,
  isIntegerIn,
  isOneOf,
} from '../base/options.js';
import { isTypes, type TypeCodec } from '../base/type-table.js';
import type { SizeEstimator } from './size.js';

/** Which entry is evicted when a store is full; see {@link MemoryStoreOptions.eviction}. */
export type Eviction = 'adaptive' | 'lru';

/** Options of `MemoryStore`. */
export interface MemoryStoreOptions {
  /**
   * Most entries at a time.
   *
   * @default 1000
   */
  maxItems?: number | undefined;
  /**
   * Most estimated bytes at a time.
   *
   * @default none: bytes are not counted
   */
  maxBytes?: number | undefined;
  /**
   * Replaces the estimate of a value's bytes; only called when `maxBytes` is set.
   *
   * @default an estimate of the heap that the value takes
   */
  sizeOf?: SizeEstimator | undefined;
  /**
   * Deep-freezes plain data as it is stored, so that no reader changes a shared value.
   *
   * @default false
   */
  freeze?: boolean | undefined;
  /**
   * Stores a copy, and gives every reader its own copy.
   *
   * @default false
   */
  clone?: boolean | undefined;
  /**
   * Classes whose instances `clone` copies; those of others are not stored.
   *
   * @default none
   */
  types?: readonly TypeCodec[] | undefined;
  /**
   * Which entry is evicted when the store is full: the one that was used least recently (`'lru'`), or
   * the one whose next miss probably costs least (`'adaptive'`). Expired entries go first with both.
   *
   * @default 'lru'
   */
  eviction?: Eviction | undefined;
  /**
   * Where time comes from.
   *
   * @default the machine's clock
   */
  clock?: Clock | undefined;
}

/**
 * @throws ConfigurationError for an unknown option or a bad value.
 * @internal
 */
export function checkMemoryOptions(options: MemoryStoreOptions): void {
  checkOptions('MemoryStore', options, {
    maxItems: isIntegerIn(1, LIMITS.memoryItems),
    maxBytes: isIntegerIn(1, Number.MAX_SAFE_INTEGER),
    sizeOf: isFunction,
    freeze: isBoolean,
    clone: isBoolean,
    types: isTypes,
    eviction: isOneOf('adaptive', 'lru'),
    clock: isAnything,
  });
}
