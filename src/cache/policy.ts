import { LIMITS } from '../base/options/defaults.js';
import { toMilliseconds, type Duration, type DurationString } from '../base/time/duration.js';
import { ConfigurationError } from '../base/errors/errors.js';
import {
  checkValue,
  isArray,
  isDuration,
  isEither,
  isFunction,
  type Check,
} from '../base/options/options.js';
import type { EntryLife } from '../memory/entry.js';
import type { LoadContext } from './load/load-context.js';

/** How long values are kept, and how their expiry is handled. */
export interface LifeOptions {
  /**
   * How long a value is fresh.
   *
   * @default the `defaultTtl` of the cache: 300 seconds
   */
  ttl?: Duration | undefined;
  /**
   * How long after its expiry a value may still be served if its load fails or is slow; `false` to disable.
   * Invalidated values are never served.
   *
   * @default false
   */
  grace?: Duration | false | undefined;
  /**
   * Shortens each ttl by a random share, up to this one (0 to 1), so that entries stored together do not
   * expire together.
   *
   * @default 0
   */
  jitter?: number | undefined;
  /**
   * How early a hit starts a background refresh: a share of the ttl (between 0 and 1), or a duration before
   * expiry (`'30s'`). A duration that is not shorter than the ttl counts as half of the ttl.
   *
   * @default false
   */
  refreshAhead?: number | DurationString | false | undefined;
}

/** Time limits of loads. */
export interface LoadTimeOptions {
  /**
   * How long a caller waits for a load before an expired value is served instead (with `grace`).
   *
   * @default none: the caller waits for the load
   */
  softTimeout?: Duration | undefined;
  /**
   * Maximum duration of a load. After that, its AbortSignal fires, and its callers get the expired value
   * if there is one (with `grace`), or a {@link LoadTimeoutError}.
   *
   * @default none: loads are not limited
   */
  hardTimeout?: Duration | undefined;
  /**
   * Maximum time that a load keeps other callers of the key waiting, in any process; then one of them
   * starts another load. After ten times as long, the load's `signal` fires.
   *
   * @default '5s'
   */
  lease?: Duration | undefined;
}

/** Options of `set` for one entry. */
export interface SetOptions extends Pick<LifeOptions, 'ttl' | 'grace' | 'jitter'> {
  /**
   * Tags for invalidating entries together: at most 128, up to 256 bytes each.
   *
   * @default none
   */
  tags?: readonly string[] | undefined;
}

/**
 * Options of a load.
 *
 * @example
 * ```ts
 * const options: LoadOptions<User | undefined> = {
 *   ttl: (user) => (user === undefined ? '30s' : '5m'),
 *   grace: '1h',
 *   softTimeout: '200ms',
 * };
 * ```
 */
export interface LoadOptions<T = unknown> extends Omit<LifeOptions, 'ttl'>, LoadTimeOptions {
  /**
   * How long the value is fresh, or a function of the value. A function may return 0: do not store.
   *
   * @default the `defaultTtl` of the cache: 300 seconds
   */
  ttl?: Duration | ((value: T) => Duration) | undefined;
  /**
   * Tags for invalidating entries together (at most 128, up to 256 bytes each), or a function of the value.
   *
   * @default none
   */
  tags?: readonly string[] | ((value: T) => readonly string[]) | undefined;
  /**
   * If it returns true, the value is returned but not stored.
   *
   * @default none: every value is stored
   */
  unless?: ((value: T) => boolean) | undefined;
}

/** One entry of `setMany`. */
export interface SetEntry<T = unknown> extends SetOptions {
  /** Key below the namespace. */
  readonly key: string;
  /** The value; a promise must be awaited first. */
  readonly value: T;
}

/** One entry of `warm`: a value, or a loader that runs if no value is cached. */
export type WarmEntry<T = unknown> = (SetEntry<T> & { readonly loader?: never }) | LoadEntry<T>;

/** A key, with the loader of its value. */
export interface LoadEntry<T = unknown> extends LoadOptions<T> {
  /** Key below the namespace. */
  readonly key: string;
  /** Called when the key is not cached. */
  loader(this: void, context: LoadContext<T>): T | Promise<T>;
}

/** @internal */
export type Refresh = { readonly share: number } | { readonly ms: number };

/**
 * The options of a load, resolved once: in milliseconds, and `undefined` only where it means "off".
 *
 * @internal
 */
export interface LoadPolicy {
  readonly ttl: number | ((value: unknown) => unknown);
  readonly graceMs: number;
  readonly jitter: number;
  readonly refresh: Refresh | undefined;
  readonly softMs: number | undefined;
  readonly hardMs: number | undefined;
  readonly leaseMs: number;
  readonly tags: readonly string[] | ((value: unknown) => readonly string[]);
  readonly unless: ((value: unknown) => boolean) | undefined;
  /** Whether the value stays in this process: no read, lease or fill of the shared tier. */
  readonly isLocal: boolean;
}

const isShare: Check = (value) =>
  typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'a share from 0 to 1';

const isRefresh: Check = (value, option) => {
  if (value === false) return undefined;
  if (typeof value === 'string') return isDuration(value, option);
  return typeof value === 'number' && value > 0 && value < 1
    ? undefined
    : "a share of the ttl between 0 and 1, a duration such as '30s', or false";
};

const isGrace: Check = (value, option) => (value === false ? undefined : isDuration(value, option));

const isTags: Check = (value, option) => {
  checkedTags(value, option);
  return undefined;
};

/** @internal */
export const LIFE_CHECKS = {
  ttl: isDuration,
  grace: isGrace,
  jitter: isShare,
  refreshAhead: isRefresh,
} as const;

/** @internal */
export const LOAD_TIME_CHECKS = {
  softTimeout: isDuration,
  hardTimeout: isDuration,
  lease: isDuration,
} as const;

/** @internal */
export const SET_CHECKS = {
  ttl: isDuration,
  grace: isGrace,
  jitter: isShare,
  tags: isTags,
} as const;

/** @internal */
export const LOAD_CHECKS = {
  ...LIFE_CHECKS,
  ...LOAD_TIME_CHECKS,
  ttl: isEither(isFunction, isDuration),
  tags: isEither(isFunction, isTags),
  unless: isFunction,
} as const;

/**
 * Overrides a policy with those options that are present. They must have been checked.
 *
 * @param owner - The owner of the options, for messages.
 * @internal
 */
export function mergePolicy(
  base: LoadPolicy,
  options: LoadOptions<never>,
  owner: string,
): LoadPolicy {
  const { ttl, grace, jitter, refreshAhead, softTimeout, hardTimeout, lease, tags } = options;
  const ms = (value: Duration | undefined, otherwise: number | undefined, name: string) =>
    value === undefined ? otherwise : toMilliseconds(value, `${owner}: ${name}`);
  return Object.freeze({
    ttl:
      typeof ttl === 'function'
        ? (ttl as (value: unknown) => unknown)
        : ttl === undefined
          ? base.ttl
          : toMilliseconds(ttl, `${owner}: ttl`),
    graceMs: grace === false ? 0 : (ms(grace, base.graceMs, 'grace') as number),
    jitter: jitter ?? base.jitter,
    refresh: refreshAhead === undefined ? base.refresh : toRefresh(refreshAhead, owner),
    softMs: ms(softTimeout, base.softMs, 'softTimeout'),
    hardMs: ms(hardTimeout, base.hardMs, 'hardTimeout'),
    leaseMs: ms(lease, base.leaseMs, 'lease') as number,
    tags: Array.isArray(tags)
      ? [...(tags as readonly string[])]
      : ((tags as LoadPolicy['tags'] | undefined) ?? base.tags),
    unless: (options.unless as LoadPolicy['unless']) ?? base.unless,
    isLocal: base.isLocal,
  });
}

function toRefresh(option: number | string | false, owner: string): Refresh | undefined {
  if (option === false) return undefined;
  return typeof option === 'number'
    ? { share: option }
    : { ms: toMilliseconds(option, `${owner}: refreshAhead`) };
}

/**
 * The times of an entry that is stored now.
 *
 * @param random - Returns a number from 0 up to, but excluding, 1, for the jitter.
 * @internal
 */
export function lifeOf(
  policy: Pick<LoadPolicy, 'graceMs' | 'jitter' | 'refresh'>,
  ttlMs: number,
  now: number,
  random: () => number,
): EntryLife {
  const lifeMs =
    policy.jitter > 0 ? Math.max(1, Math.round(ttlMs * (1 - policy.jitter * random()))) : ttlMs;
  const freshUntil = now + lifeMs;
  return {
    createdAt: now,
    freshUntil,
    staleUntil: freshUntil + policy.graceMs,
    refreshAt: refreshAt(policy.refresh, now, freshUntil),
  };
}

/**
 * When a hit should start a refresh; `undefined` for never.
 *
 * @internal
 */
export function refreshAt(
  refresh: Refresh | undefined,
  createdAt: number,
  freshUntil: number,
): number | undefined {
  if (refresh === undefined) return undefined;
  const lifeMs = freshUntil - createdAt;
  const window = 'ms' in refresh ? refresh.ms : lifeMs * refresh.share;
  // With a window as long as the lifetime, every hit would start a refresh.
  return freshUntil - (window < lifeMs ? window : lifeMs / 2);
}

/**
 * Checks and copies tags.
 *
 * @throws ConfigurationError for anything but an array of strings within the limits.
 * @internal
 */
export function checkedTags(
  tags: unknown,
  option = 'tags',
  max: number = LIMITS.tagsPerEntry,
): readonly string[] {
  checkValue(option, tags, isArray);
  // A copy: a function may return an array that is part of the value, which callers can change.
  const copy = [...(tags as string[])];
  if (copy.length > max) {
    throw new ConfigurationError(
      `${option}: an entry may have at most ${String(max)} tags; got ${String(copy.length)}.`,
    );
  }
  for (const tag of copy) checkValue(`${option}: a tag`, tag, isTag);
  return copy;
}

const isTag: Check = (tag) =>
  typeof tag === 'string' && tag !== '' && Buffer.byteLength(tag) <= LIMITS.tagBytes
    ? undefined
    : `a string of 1 to ${String(LIMITS.tagBytes)} bytes`;
