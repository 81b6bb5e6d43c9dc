import { LoadTimeoutError } from '../base/errors.js';
import type { MethodRecord } from '../stats/method-record.js';
import type { Engine } from './engine.js';
import { isTraced, traced, type LoadTrace } from './load-channel.js';
import { LazyLoadContext, type LoadContext } from './load-context.js';
import type { LoadPolicy } from './policy.js';

/**
 * Produces a value that is not cached.
 *
 * @internal
 */
export type Loader = (context: LoadContext) => unknown;

/**
 * Runs a loader within its hard time-out, and keeps the figures. It calls the loader at once, so
 * that a call of a cached method that misses begins just as the bare method would.
 *
 * @throws what the loader throws, or LoadTimeoutError; what comes after that is ignored.
 * @internal
 */
export function runLoader(
  engine: Engine,
  key: string,
  loader: Loader,
  policy: LoadPolicy,
  stale: unknown,
  record: MethodRecord | undefined,
): Promise<unknown> {
  if (!isTraced()) return run(engine, key, loader, policy, stale, record);
  return traced({ cache: engine.options.name, method: record?.name }, (trace) =>
    run(engine, key, loader, policy, stale, record, trace),
  );
}

async function run(
  engine: Engine,
  key: string,
  loader: Loader,
  policy: LoadPolicy,
  stale: unknown,
  record: MethodRecord | undefined,
  trace?: LoadTrace,
): Promise<unknown> {
  const { clock, counters, events } = engine;
  const context = new LazyLoadContext(key, stale);
  counters.loads++;
  if (record !== undefined) record.loads++;
  const start = clock.monotonic();
  try {
    const outcome = loader(context);
    const value =
      policy.hardMs === undefined
        ? await outcome
        : await limited(engine, context, Promise.resolve(outcome), policy.hardMs);
    const durationMs = clock.monotonic() - start;
    record?.loadTimes.record(durationMs);
    if (trace !== undefined) Object.assign(trace, { outcome: 'loaded', durationMs });
    if (events.hears('load')) events.emit('load', { key, durationMs });
    return value;
  } catch (error) {
    counters.loadErrors++;
    if (record !== undefined) record.loadErrors++;
    const durationMs = clock.monotonic() - start;
    if (trace !== undefined) {
      const isLate = error instanceof LoadTimeoutError;
      Object.assign(trace, { outcome: isLate ? 'timeout' : 'failed', durationMs });
    }
    if (events.hears('loadError')) events.emit('loadError', { key, error, durationMs });
    throw error;
  }
}

function limited(
  engine: Engine,
  context: LazyLoadContext,
  work: Promise<unknown>,
  hardMs: number,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = engine.clock.setTimeout(() => {
      const error = new LoadTimeoutError(context.key, hardMs);
      context.abort(error);
      reject(error);
    }, hardMs);
    const settle =
      <T>(how: (outcome: T) => void) =>
      (outcome: T) => {
        engine.clock.clearTimeout(timer);
        how(outcome);
      };
    // The loader's own error is passed on as it is, whatever it is.
    work.then(settle(resolve), settle(reject));
  });
}
