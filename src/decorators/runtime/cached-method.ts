import { CacheKeyError, ConfigurationError } from '../../base/errors/errors.js';
import { checkedKey } from '../../base/keys/escape.js';
import { keyOfCall } from '../../base/keys/key.js';
import { warnOnce } from '../../base/errors/warn.js';
import { getCache, isManager } from '../../cache/default-cache.js';
import type { CacheCore } from '../../cache/core/cache-core.js';
import { CORE, type CacheManager } from '../../cache/manager.js';
import type { LoadPolicy } from '../../cache/policy.js';
import type { CacheChoice, CachedOptions } from '../options.js';
import {
  classOf,
  isPrototype,
  nameOfClass,
  type MethodIdentity,
  type MethodSpec,
} from '../reflect/identity.js';
import type { AnyFunction } from '../types/signatures.js';
import { MethodBinding, type BindingKey } from './binding.js';
import { policyOfCall } from './call-policy.js';

/** Namespaces of one cache for which a method keeps bindings. */
const MAX_PREFIXES = 1000;

/** Bindings by the class of the call. */
type BindingsByOwner = WeakMap<object, MethodBinding>;
/** The same by the namespace within the cache. */
type BindingsByPrefix = Map<string, BindingsByOwner>;

/** Everything that a call needs before its look-up. */
export interface ResolvedCall {
  readonly binding: MethodBinding;
  /** The key of the entry; a local one if the result must stay in memory (see `local-key.ts`). */
  readonly key: string;
}

/** Runs a memoized method whose result is not in memory, and keeps the result; see `sync-load.ts`. */
export type LoadSync = (
  method: CachedMethod,
  resolved: ResolvedCall,
  self: unknown,
  args: readonly unknown[],
) => unknown;

/**
 * A method or function whose results are cached: its body, its options, and a {@link MethodBinding}
 * for every cache and class that it is called through.
 *
 * @internal
 */
export class CachedMethod implements MethodSpec {
  readonly level: number;
  private readonly bindings = new WeakMap<CacheCore, BindingsByPrefix>();

  constructor(
    readonly body: AnyFunction,
    /** `undefined` for a plain function. */
    readonly identity: MethodIdentity | undefined,
    readonly options: CachedOptions,
    /** For a method whose results are values rather than promises. */
    readonly loadSync: LoadSync | undefined,
  ) {
    this.level = identity?.declare() ?? 0;
  }

  /** Whether results are values rather than promises, and stay in memory. */
  get isSync(): boolean {
    return this.loadSync !== undefined;
  }

  /** For messages, before a binding is known. */
  get label(): string {
    return this.options.name ?? String(this.identity?.name ?? (this.body.name || 'function'));
  }

  /**
   * The binding of a call.
   *
   * @throws ConfigurationError when the call came through something that has no name for keys, or
   * the `cache` option returned no cache; what that option throws.
   */
  bindingFor(self: unknown): MethodBinding {
    const owner = this.ownerOf(self);
    const cache = this.options.cache ?? this.identity?.configOf(owner).cache;
    const manager = chosenCache(cache, self, this.label);
    const { core, prefix } = manager[CORE];
    const known = this.bindings.get(core)?.get(prefix)?.get(owner);
    return known ?? this.newBinding({ manager, owner, cache });
  }

  /**
   * The key of a call, with its namespace within the cache, but without that of the shared tier.
   *
   * @throws CacheKeyError when an argument, the scope or what the `key` option returns is no key.
   */
  keyOf(binding: MethodBinding, self: unknown, args: readonly unknown[]): string {
    const { key } = this.options;
    const { namespacePrefix, prefix, last, scope } = binding;
    if (key !== undefined) return namespacePrefix + checkedKey(key.apply(self, args as unknown[]));
    if (scope === undefined) return keyOfCall(prefix, args, last);
    return keyOfCall(prefix, [...args, scope.call(self, self as never)], last);
  }

  /**
   * Where the result of a call is stored.
   *
   * @throws as {@link CachedMethod.keyOf}; ConfigurationError when too many functions use the keys.
   */
  resolve(binding: MethodBinding, self: unknown, args: readonly unknown[]): ResolvedCall {
    // Detects methods that use the same keys, whose results then stay in memory.
    binding.claim.settle();
    const isPlain = this.options.key === undefined && binding.scope === undefined;
    const known = isPlain ? binding.index.keyOf(args) : undefined;
    return { binding, key: known ?? binding.claim.keyOf(this.keyOf(binding, self, args)) };
  }

  /**
   * The same for a call that may bypass the cache: because the `condition` option returned false, or
   * (with one warning) because the call has no key, or an option failed.
   *
   * @param known - The call's binding, if the caller knows it already.
   * @returns `undefined` for a bypass.
   */
  tryResolve(
    self: unknown,
    args: readonly unknown[],
    known?: MethodBinding,
  ): ResolvedCall | undefined {
    const { condition } = this.options;
    let binding = known;
    try {
      binding ??= this.bindingFor(self);
      if (condition === undefined || condition.apply(self, args as unknown[])) {
        return this.resolve(binding, self, args);
      }
    } catch (error) {
      warnOfBypass(binding?.methodCounters.name ?? this.labelOn(self), error);
    }
    if (binding !== undefined) binding.methodCounters.bypasses++;
    return undefined;
  }

  /** The binding's policy with the functions of the options bound to one call. */
  policyFor(binding: MethodBinding, self: unknown, args: readonly unknown[]): LoadPolicy {
    return binding.hasResultFunctions
      ? policyOfCall(binding.policy, this.options, binding, self, args)
      : binding.policy;
  }

  /**
   * Identifies the class of a call: the instance's prototype, or the class itself for a static
   * method.
   */
  private ownerOf(self: unknown): object {
    if (this.identity === undefined) return this;
    if (self === undefined || self === null) {
      throw new ConfigurationError(`${this.label} was called without its object.`);
    }
    if (this.identity.isStatic || isPrototype(self)) return self;
    return (Object.getPrototypeOf(self) as object | null) ?? self;
  }

  /** Distinguishes methods of one name, so that a warning of one does not silence the others'. */
  private labelOn(self: unknown): string {
    if (this.identity === undefined || self === undefined || self === null) return this.label;
    const name = nameOfClass(classOf(self));
    return name === '' ? this.label : `${name}.${this.label}`;
  }

  private newBinding(key: BindingKey): MethodBinding {
    const binding = new MethodBinding(this, key);
    const { core, prefix } = key.manager[CORE];
    const byPrefix: BindingsByPrefix =
      this.bindings.get(core) ?? new Map<string, BindingsByOwner>();
    const byOwner: BindingsByOwner = byPrefix.get(prefix) ?? new WeakMap();
    this.bindings.set(core, byPrefix);
    if (!byPrefix.has(prefix) && byPrefix.size >= MAX_PREFIXES) {
      byPrefix.delete(byPrefix.keys().next().value as string);
    }
    byPrefix.set(prefix, byOwner);
    byOwner.set(key.owner, binding);
    return binding;
  }
}

/**
 * The cache of a call, as the `cache` option chooses it; without one, the process's default.
 *
 * @param label - The owner of the option, for the message.
 * @throws ConfigurationError when the option returns something else; what the option throws.
 * @internal
 */
export function chosenCache(
  choice: CacheChoice | undefined,
  self: unknown,
  label: string,
): CacheManager {
  if (choice === undefined) return getCache();
  const chosen: unknown = typeof choice === 'function' ? choice(self) : choice;
  if (isManager(chosen)) return chosen;
  throw new ConfigurationError(`The cache option of ${label} did not return a cache.`);
}

function warnOfBypass(name: string, error: unknown): void {
  warnOnce(
    error instanceof CacheKeyError ? 'AURORA_UNCACHEABLE_ARGUMENT' : 'AURORA_UNCACHEABLE_CALL',
    name,
    `A call of ${name} bypassed the cache: ` +
      (error instanceof Error ? error.message : String(error)),
  );
}
