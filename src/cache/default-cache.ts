import type { Duration } from '../base/time/duration.js';
import { checkValue, isNonEmptyString } from '../base/options/options.js';
import { readRedisUrl } from '../base/options/redis-url.js';
import { warnOnce } from '../base/errors/warn.js';
import { CacheManager, CORE } from './manager.js';
import type { CacheOptions } from './options.js';

const KEY = Symbol.for('aurora-cache.default.v4');

/**
 * Holds the default cache of the process. All loaded copies of the package share it, so that the ESM and
 * CommonJS parts of a service share a cache.
 */
interface DefaultHolder {
  current: CacheManager | undefined;
}

const shared = globalThis as { [KEY]?: DefaultHolder };
/**
 * Exported as an object, not behind a function, because decorated methods read it at every call.
 *
 * @internal
 */
export const defaultHolder: DefaultHolder = (shared[KEY] ??= { current: undefined });

/**
 * The default cache of the process. Decorators use it unless they have a `cache` option. It is created on
 * first use, from the environment variables `REDIS_URL`, `AURORA_NAMESPACE`, `AURORA_DEFAULT_TTL` (seconds,
 * or with a unit), `AURORA_MAX_MEMORY_ITEMS` and `AURORA_ENABLED` (`true` or `false`). An invalid
 * `REDIS_URL` causes a warning, and the cache then uses memory only.
 *
 * @throws ConfigurationError if another variable is invalid.
 * @example
 * ```ts
 * await getCache().set('greeting', 'hello', { ttl: 60 });
 * ```
 */
export function getCache(): CacheManager {
  return (defaultHolder.current ??= new CacheManager(fromEnvironment()));
}

/**
 * Replaces the default cache of the process with a new or an existing one. Decorated methods use it from
 * their next call on. The previous cache is not closed, since it may be in use elsewhere.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 * @example
 * ```ts
 * configureCache({ defaultTtl: '10m', maxMemoryItems: 50_000 });
 * ```
 */
export function configureCache(options: CacheOptions | CacheManager): CacheManager {
  return (defaultHolder.current = isManager(options) ? options : new CacheManager(options));
}

/**
 * Removes the keys that match a pattern from the default cache.
 *
 * @returns The number of removed keys.
 * @throws ConfigurationError for a bad pattern.
 * @example
 * ```ts
 * await invalidateCache(pattern`user:${id}:*`);
 * ```
 */
export async function invalidateCache(pattern: string): Promise<number> {
  checkValue('invalidateCache: pattern', pattern, isNonEmptyString);
  return await getCache().clear(pattern);
}

/**
 * Whether a value is a `CacheManager`, of this copy of the package or of another.
 *
 * @internal
 */
export function isManager(value: unknown): value is CacheManager {
  return typeof value === 'object' && value !== null && CORE in value;
}

function fromEnvironment(): CacheOptions {
  const env = typeof process === 'object' ? process.env : {};
  const text = (name: string): string | undefined => env[name] || undefined;
  const number = (name: string): number | undefined => {
    const value = text(name);
    return value === undefined ? undefined : Number(value);
  };
  const ttl = text('AURORA_DEFAULT_TTL');
  const enabled = flag('AURORA_ENABLED', text('AURORA_ENABLED'));
  return {
    // Also for a disabled cache: it still invalidates there, and connects only for that.
    redisUrl: readableUrl(text('REDIS_URL')),
    namespace: text('AURORA_NAMESPACE'),
    // A string that is not a number is checked as a duration, with the other options.
    defaultTtl: (ttl !== undefined && /^[\d.]+$/.test(ttl) ? Number(ttl) : ttl) as Duration,
    maxMemoryItems: number('AURORA_MAX_MEMORY_ITEMS'),
    enabled,
  };
}

/** The variable is often set for other programs, so that an invalid value must not make calls fail. */
function readableUrl(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  try {
    readRedisUrl(url, 'REDIS_URL');
    return url;
  } catch (error) {
    const message = `${(error as Error).message} The default cache does without Redis.`;
    warnOnce('AURORA_REDIS_URL', 'REDIS_URL', message);
    return undefined;
  }
}

function flag(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (/^(?:true|1|on|yes)$/i.test(value)) return true;
  if (/^(?:false|0|off|no)$/i.test(value)) return false;
  checkValue(name, value, () => 'true or false');
  return undefined;
}
