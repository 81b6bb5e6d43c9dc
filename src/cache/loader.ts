import { LIMITS } from '../base/defaults.js';
import { LoadTimeoutError } from '../base/errors.js';
import type { Engine } from './engine.js';
import { isTraced, traced, type LoadTrace } from './load-channel.js';
import { retriesAfter } from './foreign-abort.js';
import { LazyLoadContext } from './load-context.js';
import { callInside, type LoadNode } from './load-nesting.js';
import type { LoadRequest } from './load-request.js';

/**
 * Runs a loader within its hard time-out, and keeps the figures. It calls the loader at once, so
 * that a call of a cached method that misses begins just as the bare method would.
 *
 * @param node - The load, for calls that are made in it.
 * @returns A promise that rejects with what the loader throws, or LoadTimeoutError; what comes after
 * that is ignored.
 * @internal
 */
export function runLoader(
  engine: Engine,
  request: LoadRequest,
  stale: unknown,
  node: LoadNode,
): Promise<unknown> {
  if (!isTraced()) return run(engine, request, stale, node);
  return traced({ cache: engine.options.name, method: request.record?.name }, (trace) =>
    run(engine, request, stale, node, trace),
  );
}

async function run(
  engine: Engine,
  { key, loader, policy, record, args }: LoadRequest,
  stale: unknown,
  node: LoadNode,
  trace?: LoadTrace,
): Promise<unknown> {
  const { clock, counters, events } = engine;
  const start = clock.monotonic();
  const ms = LIMITS.leaseTerms * policy.leaseMs;
  const context = new LazyLoadContext(key, stale, { clock, endsAt: start + ms, ms });
  counters.loads++;
  if (record !== undefined) record.loads++;
  try {
    const outcome = callInside(node, () => loader(context));
    const value =
      policy.hardMs === undefined
        ? await outcome
        : await limited(engine, context, outcome, policy.hardMs);
    const durationMs = clock.monotonic() - start;
    record?.recordLoad(durationMs);
    if (trace !== undefined) Object.assign(trace, { outcome: 'loaded', durationMs });
    if (events.hears('load')) events.emit('load', { key, durationMs });
    return value;
  } catch (error) {
    node.joinerRetries = context.isAborted ? 0 : retriesAfter(error, args);
    counters.loadErrors++;
    if (record !== undefined) record.loadErrors++;
    const durationMs = clock.monotonic() - start;
    if (trace !== undefined) {
      const isLate = error instanceof LoadTimeoutError;
      Object.assign(trace, { outcome: isLate ? 'timeout' : 'failed', durationMs });
    }
    if (events.hears('loadError')) events.emit('loadError', { key, error, durationMs });
    throw error;
  } finally {
    context.end();
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
    // The loader's own error is passed on unchanged, of any type.
    work.then(settle(resolve), settle(reject));
  });
}
