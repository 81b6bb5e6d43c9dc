import { tracingChannel } from 'node:diagnostics_channel';

import { LoadTimeoutError } from '../../base/errors/errors.js';
import type { MethodCounters } from '../../stats/method-counters.js';
import type { CacheCore } from '../core/cache-core.js';

/**
 * The message on the tracing channel `aurora-cache:load` about one run of a loader. It contains neither the
 * key nor the value, which may be secret.
 */
export interface LoadTrace {
  /** The `name` option of the cache. */
  readonly cache: string;
  /** Name of the decorated method or function; `undefined` for `getOrSet`. */
  readonly method: string | undefined;
  /** How the load ended; absent until then. */
  outcome?: 'loaded' | 'failed' | 'timeout';
  /** Duration of the load in milliseconds; absent until it has ended. */
  durationMs?: number;
  /** The error, if the load failed. */
  error?: unknown;
}

const channel = tracingChannel<object, LoadTrace>('aurora-cache:load');

/**
 * Whether the channel has subscribers; false on platforms that do not report it.
 *
 * @internal
 */
export function isTraced(): boolean {
  return channel.hasSubscribers;
}

/**
 * Runs a load between the events `start` and `asyncEnd`, and within stores bound to `start`, such as the
 * context of a span.
 *
 * @internal
 */
export async function traced(
  trace: LoadTrace,
  run: (trace: LoadTrace) => Promise<unknown>,
): Promise<unknown> {
  let value: unknown;
  // The traced function's return value would be published as the trace's `result`.
  await channel.tracePromise(async () => {
    value = await run(trace);
  }, trace);
  return value;
}

/**
 * As {@link traced}, for a synchronous load: `asyncEnd` is published as well.
 *
 * @throws what the load throws.
 * @internal
 */
export function tracedSync(trace: LoadTrace, run: (trace: LoadTrace) => unknown): unknown {
  return channel.start.runStores(trace, () => {
    try {
      return run(trace);
    } catch (error) {
      trace.error = error;
      channel.error.publish(trace);
      throw error;
    } finally {
      channel.end.publish(trace);
      channel.asyncStart.publish(trace);
      channel.asyncEnd.publish(trace);
    }
  });
}

/**
 * Counts one run of a loader, synchronous or not, and reports how it ended to the statistics, the trace and
 * the listeners.
 *
 * @internal
 */
export class LoaderRun {
  /** By the monotonic clock. */
  readonly startedAt: number;

  constructor(
    private readonly core: CacheCore,
    private readonly key: string,
    private readonly methodCounters: MethodCounters | undefined,
    private readonly trace: LoadTrace | undefined,
  ) {
    this.startedAt = core.clock.monotonic();
    core.counters.loads++;
    if (methodCounters !== undefined) methodCounters.loads++;
  }

  succeeded(): void {
    const { core, key, methodCounters, trace } = this;
    const durationMs = core.clock.monotonic() - this.startedAt;
    methodCounters?.recordLoad(durationMs);
    if (trace !== undefined) Object.assign(trace, { outcome: 'loaded', durationMs });
    if (core.events.hasListeners('load')) core.events.emit('load', { key, durationMs });
  }

  failed(error: unknown): void {
    const { core, key, methodCounters, trace } = this;
    const durationMs = core.clock.monotonic() - this.startedAt;
    core.counters.loadErrors++;
    if (methodCounters !== undefined) methodCounters.loadErrors++;
    if (trace !== undefined) {
      const outcome = error instanceof LoadTimeoutError ? 'timeout' : 'failed';
      Object.assign(trace, { outcome, durationMs });
    }
    if (core.events.hasListeners('loadError'))
      core.events.emit('loadError', { key, error, durationMs });
  }
}
