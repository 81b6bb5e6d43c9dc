import { isThenable } from '../../base/thenable.js';
import { warnOnce } from '../../base/warn.js';
import type { Engine } from '../../cache/engine.js';
import { toStore } from '../../cache/fill.js';
import { isTraced, tracedSync, type LoadTrace } from '../../cache/load-channel.js';
import type { MemoryEntry } from '../../cache/read-path.js';
import { isSpent } from '../../cache/spent-results.js';
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
  const { engine, record } = binding;
  if (!engine.enabled) {
    record.bypasses++;
    return method.body.apply(self, args as unknown[]);
  }
  engine.counters.misses++;
  record.misses++;
  if (engine.events.hears('miss')) engine.events.emit('miss', { key });
  // The method itself may invalidate what it is about to return.
  const fence = engine.raiseFence(key);
  try {
    const value = isTraced()
      ? tracedSync({ cache: engine.options.name, method: record.name }, (trace) =>
          run(engine, method, binding, key, self, args, trace),
        )
      : run(engine, method, binding, key, self, args);
    if (isThenable(value)) {
      warnOnce(
        'AURORA_MEMOIZED_PROMISE',
        record.name,
        `${record.name} is memoized, but returned a promise, which was not stored: use @Cached.`,
      );
      return value;
    }
    if (isSpent(engine, key, record.name, value)) return value;
    const entry = keep(engine, method, binding, fence, value, self, args);
    if (entry !== undefined) binding.register(entry);
    return value;
  } finally {
    engine.fences.lower(fence);
  }
}

function run(
  engine: Engine,
  method: CachedMethod,
  { record }: MethodBinding,
  key: string,
  self: unknown,
  args: readonly unknown[],
  trace?: LoadTrace,
): unknown {
  const start = engine.clock.monotonic();
  engine.counters.loads++;
  record.loads++;
  try {
    const value = method.body.apply(self, args as unknown[]);
    const durationMs = engine.clock.monotonic() - start;
    record.recordLoad(durationMs);
    if (trace !== undefined) Object.assign(trace, { outcome: 'loaded', durationMs });
    if (engine.events.hears('load')) engine.events.emit('load', { key, durationMs });
    return value;
  } catch (error) {
    engine.counters.loadErrors++;
    record.loadErrors++;
    const durationMs = engine.clock.monotonic() - start;
    if (trace !== undefined) Object.assign(trace, { outcome: 'failed', durationMs });
    if (engine.events.hears('loadError')) {
      engine.events.emit('loadError', { key, error, durationMs });
    }
    throw error;
  }
}

function keep(
  engine: Engine,
  method: CachedMethod,
  binding: MethodBinding,
  fence: ReturnType<Engine['raiseFence']>,
  value: unknown,
  self: unknown,
  args: readonly unknown[],
): MemoryEntry | undefined {
  try {
    const stored = toStore(engine, fence, method.policyFor(binding, self, args), value);
    if (typeof stored === 'string') return undefined;
    return engine.fillMemory(fence, value, stored.life, stored.tags, undefined);
  } catch (error) {
    engine.report(error);
    return undefined;
  }
}
