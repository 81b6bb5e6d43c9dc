import { printable } from './printable.js';

/*
 * This folder has the package's errors, its warnings (`warn`), and the
 * rendering of bad values (`describe`) without credentials (`redact`) and control characters (`printable`).
 */

const BRAND = Symbol.for('aurora-cache.error');

/** Stable identifiers of the package's errors; safe to compare, unlike messages. */
export type CacheErrorCode =
  'ERR_CONFIGURATION' | 'ERR_CACHE_KEY' | 'ERR_LOAD_TIMEOUT' | 'ERR_SERIALIZATION' | 'ERR_STORE';

/**
 * Base class of all errors of this package. Errors of cached methods are never wrapped in it.
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
    // The message may contain values, keys and messages of other programs.
    super(printable(message), options);
    this.code = code;
    this.name = new.target.name;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** An option, a duration, a pattern or a tag is invalid; the message names it. */
export class ConfigurationError extends CacheError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CONFIGURATION', message, options);
  }
}

/** A key is invalid, or an argument cannot be part of a key. */
export class CacheKeyError extends CacheError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CACHE_KEY', message, options);
  }
}

/** A load took longer than its `hardTimeout`, and there was no stale value to return. */
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

/** The codec cannot encode a value for the shared tier, or decode a stored one. */
export class SerializationError extends CacheError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SERIALIZATION', message, options);
  }
}

/** The shared tier failed or timed out. Emitted as an event; reads never reject with it. */
export class StoreError extends CacheError {
  /** The operation of the store that failed. */
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
