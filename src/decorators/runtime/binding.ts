import { patternsOf } from '../../cache/claims/claim.js';
import type { ClaimRequest } from '../../cache/claims/segment.js';
import type { CacheCore } from '../../cache/core/cache-core.js';
import type { TierTrust } from '../../cache/core/trust.js';
import { CORE, type CacheManager } from '../../cache/manager.js';
import { mergePolicy, type LoadPolicy } from '../../cache/policy.js';
import type { MemoryEntry } from '../../cache/read/get-or-load.js';
import type { MethodCounters } from '../../stats/method-counters.js';
import type { CacheChoice, CacheConfigOptions, CachedOptions } from '../options.js';
import { functionNames } from '../reflect/function-names.js';
import { nameOfClass, type BindingNames, type MethodSpec } from '../reflect/identity.js';
import { originalOf } from '../reflect/metadata.js';
import { ArgumentIndex } from './argument-index.js';
import { KeyClaim } from './key-claim.js';

/** Identifies a binding: the cache and the class of the call. */
export interface BindingKey {
  readonly manager: CacheManager;
  /** The class of the call: see `CachedMethod.ownerOf`. */
  readonly owner: object;
  /** How the cache was chosen. */
  readonly cache: CacheChoice | undefined;
}

/**
 * One method on one class in one cache: everything about its calls that does not depend on their
 * arguments, resolved once.
 *
 * @internal
 */
export class MethodBinding {
  readonly manager: CacheManager;
  readonly core: CacheCore;
  /** The same as `core.trust`, which saves a hit one property access. */
  readonly trust: TierTrust;
  readonly owner: object;
  /** Prefix of every key: the namespace within the cache, with its colon; empty for none. */
  readonly namespacePrefix: string;
  /** First part of the keys: {@link namespacePrefix} and the key prefix. */
  readonly prefix: string;
  /** The key prefix as the user knows it. */
  readonly keyPrefix: string;
  /** Last segment of the keys: the method. */
  readonly last: string;
  readonly scope: ((instance: never) => unknown) | undefined;
  /** Whether a part of the policy is a function of the result. */
  readonly hasResultFunctions: boolean;
  readonly methodCounters: MethodCounters;
  /** The right to the keys, and how far the results may be shared. */
  readonly claim: KeyClaim;
  /**
   * A tag on every entry of a method with a `key` option. Such keys do not contain the method, so no
   * pattern finds them all.
   */
  readonly ownTag: string | undefined;
  /** Whether the next call on the class has the same binding: the cache depends on no instance. */
  readonly isReusable: boolean;
  /** Whether the arguments alone decide the result, so that the index may be used. */
  readonly isIndexed: boolean;
  /** Whether the cache is the process's default one, which may be replaced. */
  readonly followsDefault: boolean;
  readonly index: ArgumentIndex;
  /** The same as `index.single`, which saves a hit one property access. */
  readonly single: ArgumentIndex['single'];
  private readonly sharedPolicy: LoadPolicy;
  private localPolicy: LoadPolicy | undefined;

  /**
   * @throws ConfigurationError when nothing names the class or the method.
   */
  constructor(method: MethodSpec & { readonly isSync: boolean }, bindingKey: BindingKey) {
    const { manager, owner, cache } = bindingKey;
    const { core, prefix: namespacePrefix } = manager[CORE];
    const { identity } = method;
    const config = identity?.configOf(owner) ?? {};
    const { key, scope, condition, ttl, tags, unless } = method.options;
    const names = identity?.namesOf(method, owner, config.keyPrefix) ?? functionNames(method);
    this.manager = manager;
    this.core = core;
    this.trust = core.trust;
    this.owner = owner;
    this.namespacePrefix = namespacePrefix;
    this.keyPrefix = names.prefix;
    this.prefix = namespacePrefix + names.prefix;
    this.last = names.last;
    this.scope = (scope ?? config.scope) as typeof this.scope;
    this.hasResultFunctions =
      typeof ttl === 'function' || typeof tags === 'function' || unless !== undefined;
    this.ownTag = key === undefined ? undefined : `#${this.prefix}:${this.last}`;
    this.sharedPolicy = this.fixedPolicy(method.options, config, names.label);
    this.methodCounters = core.method(names.label);
    this.isReusable = typeof cache !== 'function';
    this.followsDefault = cache === undefined;
    this.isIndexed =
      this.isReusable && key === undefined && this.scope === undefined && condition === undefined;
    this.claim = new KeyClaim(
      core,
      key === undefined ? this.claimRequest(method, names) : undefined,
      method.isSync,
    );
    this.index = new ArgumentIndex((text) =>
      this.claim.keyOf(`${this.prefix}:${text}:${this.last}`),
    );
    this.single = this.index.single;
  }

  /** Policy of loads: without the shared tier if the results must stay in memory. */
  get policy(): LoadPolicy {
    if (!this.claim.isLocal) return this.sharedPolicy;
    return (this.localPolicy ??= Object.freeze({ ...this.sharedPolicy, isLocal: true }));
  }

  /** Entries in memory. */
  get size(): number {
    return this.core.memory?.countOf(this.index) ?? 0;
  }

  /**
   * Makes the store notify the index when it removes an entry. Not if the entry is gone already (a
   * listener may have removed it) or belongs to another index.
   *
   * @returns Whether the index will be notified.
   */
  register(entry: MemoryEntry): boolean {
    return this.core.memory?.registerIndex(entry, this.index) === true;
  }

  /** Indexes an entry on its first hit, so that entries without hits are not in the index. */
  indexOnHit(entry: MemoryEntry, args: readonly unknown[]): void {
    if (entry.indexKey !== undefined || !this.register(entry) || !this.isIndexed) return;
    this.index.add(entry, args);
  }

  withOwnTag(tags: readonly string[]): readonly string[] {
    return this.ownTag === undefined ? tags : [...tags, this.ownTag];
  }

  /** Patterns that match every key of the method. */
  patterns(): string[] {
    return patternsOf(this.prefix, this.last);
  }

  /** The options of the cache, the class and the method, without the functions of a result. */
  private fixedPolicy(
    options: CachedOptions,
    ofClass: CacheConfigOptions,
    label: string,
  ): LoadPolicy {
    const { ttl, tags } = options;
    const fixed = {
      ...options,
      ttl: typeof ttl === 'function' ? undefined : ttl,
      tags: typeof tags === 'function' ? undefined : tags,
      unless: undefined,
    };
    const base = mergePolicy(this.core.options.load, ofClass, '@CacheConfig');
    const policy = mergePolicy(base, fixed, label);
    return typeof policy.tags === 'function'
      ? policy
      : { ...policy, tags: this.withOwnTag(policy.tags) };
  }

  private claimRequest({ body, options }: MethodSpec, names: BindingNames): ClaimRequest {
    const { last, codeNames, label, type } = names;
    return {
      prefix: this.prefix,
      last,
      codeNames,
      className: type === undefined ? undefined : nameOfClass(type),
      label,
      body: originalOf(body),
      type,
      isNamed: options.name !== undefined,
    };
  }
}
