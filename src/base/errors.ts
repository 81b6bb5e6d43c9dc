import { printable } from './printable.js';

const BRAND = Symbol.for('aurora-cache.error');

/** Stable identifiers of the package's errors; safe to compare, unlike messages. */
export type CacheErrorCode =
  'ERR_CONFIGURATION' | 'ERR_CACHE_KEY' | 'ERR_LOAD_TIMEOUT' | 'ERR_SERIALIZATION' | 'ERR_STORE';

/**
 * Base of every error that this package makes. A cached method's own errors are never wrapped in
 * one.
 *
 * @example
 * ```ts
 * try {
 *   await cache.getOrSet('report', buildReport, { hardTimeout: '2s' });
 * } catch (error) {
 *   if (isCacheError(error) && error.code === 'ERR_LOAD_TIMEOUT') return lastReport;
 *   throw error;
 * }
 * ```
 */
export class CacheError extends Error {
  /** Stable identifier of the failure. */
  readonly code: CacheErrorCode;

  constructor(code: CacheErrorCode, message: string, options?: ErrorOptions) {
    // Values, keys and other programs' messages may be part of it.
    super(printable(message), options);
    this.code = code;
    this.name = new.target.name;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** An option, a duration, a pattern or a tag that cannot be used; the message names it. */
export class ConfigurationError extends CacheError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CONFIGURATION', message, options);
  }
}

/** A key that cannot be used, or an argument from which no key can be made. */
export class CacheKeyError extends CacheError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CACHE_KEY', message, options);
  }
}

/** A load outlived its `hardTimeout`, and there was no stale value to serve. */
export class LoadTimeoutError extends CacheError {
  /** Key of the load, below the namespace. */
  readonly key: string;
  /** The limit in milliseconds. */
  readonly timeoutMs: number;

  constructor(key: string, timeoutMs: number) {
    super('ERR_LOAD_TIMEOUT', `The load of '${key}' took longer than ${String(timeoutMs)} ms.`);
    this.key = key;
    this.timeoutMs = timeoutMs;
  }
}

/** A value that the codec cannot carry to the shared tier, or bytes that it cannot read. */
export class SerializationError extends CacheError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SERIALIZATION', message, options);
  }
}

/** The shared tier failed or did not answer in time; only ever emitted, never thrown at a reader. */
export class StoreError extends CacheError {
  /** Which operation of the store failed. */
  readonly operation: string;

  constructor(operation: string, message: string, options?: ErrorOptions) {
    super('ERR_STORE', message, options);
    this.operation = operation;
  }
}

/**
 * Whether `error` comes from this package. Works across copies of the package (ESM beside
 * CommonJS) and realms, where `instanceof` does not.
 *
 * @example
 * ```ts
 * if (isCacheError(error) && error.code === 'ERR_STORE') metrics.storeErrors++;
 * ```
 */
export function isCacheError(error: unknown): error is CacheError {
  return typeof error === 'object' && error !== null && BRAND in error;
}
