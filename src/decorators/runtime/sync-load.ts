import { isThenable } from '../../base/values/thenable.js';
import { warnOnce } from '../../base/errors/warn.js';
import type { Fence } from '../../cache/coherence/fences.js';
import type { CacheCore } from '../../cache/core/cache-core.js';
import { planStore } from '../../cache/write/fill.js';
import { isTraced, LoaderRun, tracedSync, type LoadTrace } from '../../cache/load/load-channel.js';
import { reportMiss } from '../../cache/events.js';
import type { MemoryEntry } from '../../cache/read/get-or-load.js';
import { isSingleUse } from '../../cache/load/single-use.js';
import type { MethodBinding } from './binding.js';
import type { CachedMethod, ResolvedCall } from './cached-method.js';

/**
 * Runs a synchronous method and keeps its result in memory.
 *
 * @throws what the method throws.
 * @internal
 */
export function loadSync(
  method: CachedMethod,
  { binding, key }: ResolvedCall,
  self: unknown,
  args: readonly unknown[],
): unknown {
  const { core, methodCounters } = binding;
  if (!core.enabled) {
    methodCounters.bypasses++;
    return method.body.apply(self, args as unknown[]);
  }
  reportMiss(core, { key, methodCounters });
  // The method itself may invalidate what it is about to return.
  const fence = core.invalidation.openFence(key);
  try {
    const start = core.clock.monotonic();
    const value = isTraced()
      ? tracedSync({ cache: core.options.name, method: methodCounters.name }, (trace) =>
          run(method, binding, key, self, args, trace),
        )
      : run(method, binding, key, self, args);
    fence.missCost = core.clock.monotonic() - start;
    if (isThenable(value)) {
      warnOnce(
        'AURORA_MEMOIZED_PROMISE',
        methodCounters.name,
        `${methodCounters.name} is memoized, but returned a promise, which was not stored: use @Cached.`,
      );
      return value;
    }
    if (isSingleUse(core, key, methodCounters.name, value)) return value;
    const entry = keep(core, method, binding, fence, value, self, args);
    if (entry !== undefined) binding.register(entry);
    return value;
  } finally {
    core.invalidation.fences.close(fence);
  }
}

function run(
  method: CachedMethod,
  { core, methodCounters }: MethodBinding,
  key: string,
  self: unknown,
  args: readonly unknown[],
  trace?: LoadTrace,
): unknown {
  const report = new LoaderRun(core, key, methodCounters, trace);
  try {
    const value = method.body.apply(self, args as unknown[]);
    report.succeeded();
    return value;
  } catch (error) {
    report.failed(error);
    throw error;
  }
}

function keep(
  core: CacheCore,
  method: CachedMethod,
  binding: MethodBinding,
  fence: Fence,
  value: unknown,
  self: unknown,
  args: readonly unknown[],
): MemoryEntry | undefined {
  try {
    const plan = planStore(core, fence, method.policyFor(binding, self, args), value);
    if (typeof plan === 'string') return undefined;
    return core.values.fill(fence, value, plan.life, plan.tags, undefined);
  } catch (error) {
    core.report(error);
    return undefined;
  }
}
