import type { Clock } from '../base/time/clock.js';
import { LIMITS } from '../base/options/defaults.js';
import {
  checkOptions,
  isBoolean,
  isClock,
  isFunction,
  isIntegerIn,
  isOneOf,
} from '../base/options/options.js';
import { isTypes, type TypeCodec } from '../base/values/type-table.js';
import type { SizeEstimator } from './size.js';

/** Eviction policy; see {@link MemoryStoreOptions.eviction}. */
export type Eviction = 'adaptive' | 'lru';

/** Options of `MemoryStore`. */
export interface MemoryStoreOptions {
  /**
   * Maximum number of entries.
   *
   * @default 1000
   */
  maxItems?: number | undefined;
  /**
   * Maximum estimated size of all entries, in bytes.
   *
   * @default not limited: sizes are not estimated
   */
  maxBytes?: number | undefined;
  /**
   * Returns the size of a value in bytes. Only called if `maxBytes` is set.
   *
   * @default an estimate of the heap memory that the value takes
   */
  sizeOf?: SizeEstimator | undefined;
  /**
   * Deep-freezes plain data when it is stored, so that no reader can change a shared value.
   *
   * @default false
   */
  freeze?: boolean | undefined;
  /**
   * Stores a copy, and returns a new copy to every reader.
   *
   * @default false
   */
  clone?: boolean | undefined;
  /**
   * Classes whose instances `clone` can copy. With `clone`, instances of other classes are not stored.
   *
   * @default none
   */
  types?: readonly TypeCodec[] | undefined;
  /**
   * Which entry is evicted when the store is full: the least recently used one (`'lru'`), or the one whose
   * next miss probably costs least (`'adaptive'`). Both evict expired entries first.
   *
   * @default 'lru'
   */
  eviction?: Eviction | undefined;
  /**
   * Source of time.
   *
   * @default the system clock
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
    clock: isClock,
  });
}
