import { CacheKeyError, ConfigurationError } from '../base/errors.js';
import { checkedKey } from '../base/escape.js';
import { keyOfCall } from '../base/key.js';
import { warnOnce } from '../base/warn.js';
import type { Engine } from '../cache/engine.js';
import { CORE } from '../cache/manager.js';
import type { LoadPolicy } from '../cache/policy.js';
import type { AnyFunction } from './shapes.js';
import { classOf, nameOfClass, type MethodIdentity } from './identity.js';
import { chosenCache } from './choice.js';
import { classConfig } from './class-config.js';
import type { MethodSpec } from './method-spec.js';
import type { CachedOptions } from './options.js';
import { Site, type SitePlace } from './site.js';

/** Handles of one cache (its namespaces) for which a method keeps sites. */
const MOST_PREFIXES = 1000;

/** Everything that a call needs before its look-up. */
export interface Located {
  readonly site: Site;
  /** The key of the entry: the call's, or the method's own (see `private-key.ts`). */
  readonly key: string;
}

/**
 * A method or function whose results are cached: its body, its options, and a {@link Site} for
 * every cache and class that it is called through.
 *
 * @internal
 */
export class CachedMethod implements MethodSpec {
  readonly level: number;
  private readonly sites = new WeakMap<Engine, Map<string, WeakMap<object, Site>>>();

  constructor(
    readonly body: AnyFunction,
    /** `undefined` for a plain function. */
    readonly identity: MethodIdentity | undefined,
    readonly options: CachedOptions,
    /** Whether results are values rather than promises, and stay in memory. */
    readonly isSync: boolean,
  ) {
    this.level = identity?.declare() ?? 0;
  }

  /** For messages, before a site is known. */
  get label(): string {
    return this.options.name ?? String(this.identity?.name ?? (this.body.name || 'function'));
  }

  /**
   * The site of a call.
   *
   * @throws ConfigurationError when the call came through something that has no name for keys, or
   * the `cache` option did not answer a cache; what that option throws.
   */
  siteFor(self: unknown): Site {
    const owner = this.ownerOf(self);
    const cache = this.options.cache ?? classConfig(owner).cache;
    const manager = chosenCache(cache, self, this.label);
    const { engine, prefix } = manager[CORE];
    const known = this.sites.get(engine)?.get(prefix)?.get(owner);
    return known ?? this.newSite({ manager, owner, cache });
  }

  /**
   * Identifies the class of a call: the instance's prototype, or the class itself for a
   * static method.
   */
  ownerOf(self: unknown): object {
    if (this.identity === undefined) return this;
    if (self === undefined || self === null) {
      throw new ConfigurationError(`${this.label} was called without its object.`);
    }
    if (this.identity.isStatic || isPrototype(self)) return self;
    return (Object.getPrototypeOf(self) as object | null) ?? self;
  }

  /**
   * The key of a call, below the cache's namespace but with that of the handle.
   *
   * @throws CacheKeyError when an argument, the scope or the `key` option's answer is no key.
   */
  keyOf(site: Site, self: unknown, args: readonly unknown[]): string {
    const { key } = this.options;
    if (key !== undefined)
      return site.handlePrefix + checkedKey(key.apply(self, args as unknown[]));
    if (site.scope === undefined) return keyOfCall(site.prefix, args, site.last);
    const parts = [...args, site.scope.call(self, self as never)];
    return keyOfCall(site.prefix, parts, site.last);
  }

  /**
   * Where the result of a call is stored: its key, unless the method must not share its keys.
   *
   * @throws as {@link CachedMethod.keyOf}; ConfigurationError when too many functions use the keys.
   */
  located(site: Site, self: unknown, args: readonly unknown[]): Located {
    site.settle();
    const isPlain = this.options.key === undefined && site.scope === undefined;
    const known = isPlain ? site.knownKey(args) : undefined;
    return { site, key: known ?? site.entryKey(this.keyOf(site, self, args)) };
  }

  /**
   * Site and key of a call, or `undefined` when it goes past the cache: since the `condition` option
   * says so, or (with a warning, once) since it has no key, or an option failed.
   *
   * @param known - The call's site, if the caller knows it already.
   */
  locate(self: unknown, args: readonly unknown[], known?: Site): Located | undefined {
    const { condition } = this.options;
    let site = known;
    try {
      site ??= this.siteFor(self);
      if (condition === undefined || condition.apply(self, args as unknown[])) {
        return this.located(site, self, args);
      }
    } catch (error) {
      this.warnOfBypass(site?.record.name ?? this.labelOn(self), error);
    }
    if (site !== undefined) site.record.bypasses++;
    return undefined;
  }

  /** Tells methods of one name apart, so that a warning of one does not silence the others'. */
  private labelOn(self: unknown): string {
    if (this.identity === undefined || self === undefined || self === null) return this.label;
    const name = nameOfClass(classOf(self));
    return name === '' ? this.label : `${name}.${this.label}`;
  }

  private warnOfBypass(name: string, error: unknown): void {
    warnOnce(
      error instanceof CacheKeyError ? 'AURORA_UNCACHEABLE_ARGUMENT' : 'AURORA_UNCACHEABLE_CALL',
      name,
      `A call of ${name} went past the cache: ` +
        (error instanceof Error ? error.message : String(error)),
    );
  }

  /** The site's policy with the functions of the options bound to one call. */
  policyFor(site: Site, self: unknown, args: readonly unknown[]): LoadPolicy {
    const { ttl, tags, unless } = this.options;
    if (!site.hasFunctions) return site.policy;
    return {
      ...site.policy,
      ...(typeof ttl === 'function' && {
        ttl: (value: unknown) => ttl.call(self, value, ...args),
      }),
      ...(typeof tags === 'function' && {
        tags: (value: unknown) => site.withOwnTag(tags.call(self, value, ...args)),
      }),
      ...(unless !== undefined && {
        unless: (value: unknown) => unless.call(self, value, ...args),
      }),
    };
  }

  private newSite(place: SitePlace): Site {
    const site = new Site(this, place);
    const { engine, prefix } = place.manager[CORE];
    let byPrefix = this.sites.get(engine);
    if (byPrefix === undefined)
      this.sites.set(engine, (byPrefix = new Map<string, WeakMap<object, Site>>()));
    let byOwner = byPrefix.get(prefix);
    if (byOwner === undefined) {
      if (byPrefix.size >= MOST_PREFIXES) byPrefix.delete(byPrefix.keys().next().value as string);
      byPrefix.set(prefix, (byOwner = new WeakMap()));
    }
    byOwner.set(place.owner, site);
    return site;
  }
}

/**
 * Whether an object is a class's prototype, which stands in for its instances.
 *
 * @internal
 */
export function isPrototype(self: object): boolean {
  if (!Object.hasOwn(self, 'constructor')) return false;
  const { constructor } = self as { constructor: { prototype?: unknown } | undefined };
  return constructor?.prototype === self;
}
