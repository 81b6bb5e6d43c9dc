import { mergePolicy, type LoadPolicy } from '../../cache/policy.js';
import type { CachedOptions } from '../options.js';
import type { MethodBinding } from './binding.js';

/** The options that both a cached method and a `@CachePut` method may have. */
type PolicyOptions = Pick<CachedOptions, 'ttl' | 'tags' | 'unless' | 'grace' | 'jitter'>;

/**
 * Merges a decorator's options over a policy, and binds their functions to one call.
 *
 * @internal
 */
export function policyOfCall(
  base: LoadPolicy,
  { ttl, tags, unless, grace, jitter }: PolicyOptions,
  binding: MethodBinding,
  self: unknown,
  args: readonly unknown[],
): LoadPolicy {
  const bind =
    <T>(option: (...given: never[]) => T) =>
    (value: unknown): T =>
      option.apply(self, [value, ...args] as never[]);
  const tagsOf = typeof tags === 'function' ? bind<readonly string[]>(tags) : undefined;
  const options = {
    ttl: typeof ttl === 'function' ? bind(ttl) : ttl,
    tags: tagsOf
      ? (value: unknown) => binding.withOwnTag(tagsOf(value))
      : tags && binding.withOwnTag(tags as readonly string[]),
    unless: unless && bind(unless),
    grace,
    jitter,
  };
  return mergePolicy(base, options, binding.methodCounters.name);
}
