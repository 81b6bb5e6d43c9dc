import type { Duration } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import { redisUrlProblem } from '../base/redis-url.js';
import { warnOnce } from '../base/warn.js';
import { CacheManager, CORE } from './manager.js';
import type { CacheOptions } from './options.js';

const KEY = Symbol.for('aurora-cache.default.v3');

/**
 * Where the process keeps its default cache. One object for every copy of the package that is
 * loaded, so that ESM and CommonJS halves of a service share a cache.
 */
interface DefaultHolder {
  current: CacheManager | undefined;
}

const shared = globalThis as { [KEY]?: DefaultHolder };
/**
 * Decorated methods compare its cache with theirs at every call, hence not behind a function.
 *
 * @internal
 */
export const defaultHolder: DefaultHolder = (shared[KEY] ??= { current: undefined });

/**
 * The process's default cache, which decorators use unless they are told otherwise. It is made on
 * first use, from the environment: `REDIS_URL`, `AURORA_NAMESPACE`, `AURORA_DEFAULT_TTL` (seconds,
 * or with a unit), `AURORA_MAX_MEMORY_ITEMS` and `AURORA_ENABLED` (`true` or `false`). A `REDIS_URL`
 * that cannot be read is a warning, and the cache then has its memory alone.
 *
 * @throws ConfigurationError when another variable of the environment cannot be used.
 * @example
 * ```ts
 * await getCache().set('greeting', 'hello', { ttl: 60 });
 * ```
 */
export function getCache(): CacheManager {
  return (defaultHolder.current ??= new CacheManager(fromEnvironment()));
}

/**
 * Replaces the process's default cache by a new one, or by one that exists. Decorated methods use it
 * from their next call on. The previous one is not closed: it may be in use elsewhere.
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
 * @returns How many there were.
 * @throws ConfigurationError for a bad pattern.
 * @example
 * ```ts
 * await invalidateCache(pattern`user:${id}:*`);
 * ```
 */
export async function invalidateCache(pattern: string): Promise<number> {
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
    // A cache that is off still invalidates there; it connects when it has to.
    redisUrl: readableUrl(text('REDIS_URL')),
    namespace: text('AURORA_NAMESPACE'),
    // A text that is not a number is checked as a duration with the other options.
    defaultTtl: (ttl !== undefined && /^[\d.]+$/.test(ttl) ? Number(ttl) : ttl) as Duration,
    maxMemoryItems: number('AURORA_MAX_MEMORY_ITEMS'),
    enabled,
  };
}

/** Other programs read the variable too, and it is often set for them: a bad value breaks no method. */
function readableUrl(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const problem = redisUrlProblem(url);
  if (problem === undefined) return url;
  const message = `REDIS_URL: ${problem} The default cache does without Redis.`;
  warnOnce('AURORA_REDIS_URL', 'REDIS_URL', message);
  return undefined;
}

function flag(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (/^(?:true|1|on|yes)$/i.test(value)) return true;
  if (/^(?:false|0|off|no)$/i.test(value)) return false;
  throw new ConfigurationError(`${name} must be true or false; got '${value}'.`);
}
