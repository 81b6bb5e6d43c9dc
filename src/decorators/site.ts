import { flatRecord } from '../base/canonical.js';
import { patternsOf, type ClaimRequest } from '../cache/claims.js';
import type { Engine } from '../cache/engine.js';
import { CORE, type CacheManager } from '../cache/manager.js';
import { overlaid, type LoadPolicy } from '../cache/policy.js';
import type { EntryOwner, MemoryEntry } from '../cache/read-path.js';
import type { MethodRecord } from '../stats/method-record.js';
import { classConfig } from './class-config.js';
import { nameOfClass } from './identity.js';
import { originalOf } from './metadata.js';
import type { MethodSpec } from './method-spec.js';
import { namesOf, type SiteNames } from './names.js';
import type { CacheChoice } from './options.js';
import { SiteClaim } from './site-claim.js';
import { isPrimitive, NO_ARGUMENT, TupleIndex, tupleOf } from './tuple-index.js';

/** Where a method meets a cache. */
export interface SitePlace {
  readonly manager: CacheManager;
  /** The class of the call: see `CachedMethod.ownerOf`. */
  readonly owner: object;
  /** How the cache was chosen. */
  readonly cache: CacheChoice | undefined;
}

/** First characters of a record's text. */
const PARENTHESIS = 0x28;

/** Index key of an entry that is in no index. */
const NOWHERE = Symbol('nowhere');

/**
 * One method on one class in one cache: everything about its calls that does not depend on their
 * arguments, resolved once.
 *
 * Its indexes lead from up to three primitive arguments straight to the entry, so that a hit makes no
 * key at all: building the string costs more than everything else together. Entries tell the index
 * when the store drops them, which keeps it no larger than the store, and an entry that is gone can
 * never be served.
 *
 * @internal
 */
export class Site implements EntryOwner {
  readonly manager: CacheManager;
  readonly engine: Engine;
  readonly owner: object;
  /** Namespace of the handle, with its colon; in front of every key. */
  readonly handlePrefix: string;
  /** First part of the keys: the handle's namespace and the key prefix. */
  readonly prefix: string;
  /** The key prefix as the user knows it. */
  readonly keyPrefix: string;
  /** Last segment of the keys: the method. */
  readonly last: string;
  readonly scope: ((instance: never) => unknown) | undefined;
  /** Whether a part of the policy is a function of the result. */
  readonly hasFunctions: boolean;
  readonly record: MethodRecord;
  /** The right to the keys, and how far the results may be shared. */
  private readonly claim: SiteClaim;
  private readonly sharedPolicy: LoadPolicy;
  private privatePolicy: LoadPolicy | undefined;
  /**
   * A tag that marks all entries of a method whose keys, being the user's own, do not say whose
   * they are.
   */
  readonly ownTag: string | undefined;
  /** Whether the next call of the class has the same site: the cache does not hang on the instance. */
  readonly isReusable: boolean;
  /** Whether primitive arguments alone decide the result. */
  readonly indexable: boolean;
  /** Whether the cache is the process's default one, which may be exchanged. */
  readonly followsDefault: boolean;
  /** Entries of calls with one argument or none. */
  readonly index = new Map<unknown, MemoryEntry>();
  /** Entries of calls with two or three. */
  readonly tuples = new TupleIndex();
  /** Entries of calls with one record of primitives, by its text. */
  private readonly records = new Map<string, MemoryEntry>();

  /**
   * @throws ConfigurationError when nothing names the class or the method.
   */
  constructor(method: MethodSpec & { readonly isSync: boolean }, place: SitePlace) {
    const { manager, owner, cache } = place;
    const { engine, prefix: handlePrefix } = manager[CORE];
    const config = classConfig(owner);
    const { key, scope, condition, ttl, tags, unless, ...rest } = method.options;
    this.manager = manager;
    this.engine = engine;
    this.owner = owner;
    this.handlePrefix = handlePrefix;
    const names = namesOf(method, owner, config.keyPrefix);
    this.keyPrefix = names.prefix;
    this.prefix = handlePrefix + names.prefix;
    this.last = names.last;
    this.scope = (scope ?? config.scope) as typeof this.scope;
    this.hasFunctions =
      typeof ttl === 'function' || typeof tags === 'function' || unless !== undefined;
    const { cache: _, keyPrefix: __, scope: ___, ...configured } = config;
    const fixed = {
      ...(typeof ttl !== 'function' && ttl !== undefined && { ttl }),
      ...(typeof tags !== 'function' && tags !== undefined && { tags }),
    };
    this.ownTag = key === undefined ? undefined : `#${this.prefix}:${this.last}`;
    const policy = overlaid(
      overlaid(engine.options.load, configured, '@CacheConfig'),
      { ...rest, ...fixed },
      names.label,
    );
    this.sharedPolicy =
      typeof policy.tags === 'function'
        ? policy
        : { ...policy, tags: this.withOwnTag(policy.tags) };
    this.record = engine.method(names.label);
    this.isReusable = typeof cache !== 'function';
    this.indexable =
      this.isReusable && key === undefined && this.scope === undefined && condition === undefined;
    this.followsDefault = cache === undefined;
    this.claim = new SiteClaim(
      engine,
      key === undefined ? this.claimRequest(method, names) : undefined,
      method.isSync,
    );
  }

  /** Policy of loads: without the shared tier if the results must stay in memory. */
  get policy(): LoadPolicy {
    if (!this.claim.isPrivate) return this.sharedPolicy;
    return (this.privatePolicy ??= Object.freeze({ ...this.sharedPolicy, isPrivate: true }));
  }

  /**
   * Claims the keys for a call that reads or stores; to be done before the key is made.
   *
   * @throws ConfigurationError when too many functions use the keys.
   */
  settle(): void {
    this.claim.settle();
  }

  /** The key under which this method has its results: the call's, or one of its own. */
  entryKey(key: string): string {
    return this.claim.keyOf(key);
  }

  /** Entries in memory. */
  get size(): number {
    return this.engine.memory?.countOf(this) ?? 0;
  }

  /**
   * Makes an entry this site's, unless it is gone (a listener may have removed it) or another's.
   *
   * @returns Whether it is this site's now.
   */
  adopt(entry: MemoryEntry): boolean {
    return this.engine.memory?.claim(entry, this) === true;
  }

  /**
   * Makes an entry findable by the arguments of its call, where they are enough. Only what is hit
   * gets here: what never is takes no room in an index.
   */
  learn(entry: MemoryEntry, args: readonly unknown[]): void {
    if (entry.indexKey !== undefined || !this.adopt(entry) || !this.indexable) return;
    if (args.length > 1) {
      const tuple = tupleOf(args);
      if (tuple !== undefined) this.tuples.add(tuple, entry);
      else entry.indexKey = NOWHERE;
      return;
    }
    const argument = args.length === 0 ? NO_ARGUMENT : args[0];
    if (isPrimitive(argument)) {
      entry.indexKey = argument;
      this.index.set(argument, entry);
      return;
    }
    const text = flatRecord(argument);
    // A getter may say something else each time: the key alone tells whose entry it is.
    if (text !== undefined && entry.key === this.entryKey(`${this.prefix}:${text}:${this.last}`)) {
      entry.indexKey = text;
      this.records.set(text, entry);
    } else {
      entry.indexKey = NOWHERE;
    }
  }

  /**
   * The entry's key of a call whose only argument is a record of primitives, if such a call has hit:
   * the record's text alone is half of the way to the key.
   */
  knownKey(args: readonly unknown[]): string | undefined {
    if (this.records.size === 0 || args.length !== 1) return undefined;
    const text = flatRecord(args[0]);
    // Reading a character makes one text of its parts; hashing and comparing it would do so each.
    if (text?.charCodeAt(0) !== PARENTHESIS) return undefined;
    return this.records.get(text)?.key;
  }

  release(entry: MemoryEntry): void {
    if (Array.isArray(entry.indexKey)) this.tuples.remove(entry);
    else if (this.index.get(entry.indexKey) === entry) this.index.delete(entry.indexKey);
    else if (this.records.get(entry.indexKey as string) === entry) {
      this.records.delete(entry.indexKey as string);
    }
  }

  withOwnTag(tags: readonly string[]): readonly string[] {
    return this.ownTag === undefined ? tags : [...tags, this.ownTag];
  }

  /** Patterns that match every key of the method. */
  patterns(): string[] {
    return patternsOf(this.prefix, this.last);
  }

  private claimRequest({ body, options }: MethodSpec, names: SiteNames): ClaimRequest {
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
