import { LIMITS } from '../../base/options/defaults.js';
import { LoadTimeoutError } from '../../base/errors/errors.js';
import type { CacheCore } from '../core/cache-core.js';
import { isTraced, LoaderRun, traced, type LoadTrace } from './load-channel.js';
import { retriesAfter } from './foreign-abort.js';
import { LazyLoadContext } from './load-context.js';
import { callInside, type LoadNode } from './nesting.js';
import type { LoadRequest } from './in-flight.js';

/**
 * Runs a loader within its hard time-out, and counts the run. It calls the loader at once, so
 * that a call of a cached method that misses begins just as the bare method would.
 *
 * @param node - The load, for calls that are made in it.
 * @returns A promise that rejects with the loader's error or LoadTimeoutError. A later outcome is ignored.
 * @internal
 */
export function runLoader(
  core: CacheCore,
  request: LoadRequest,
  stale: unknown,
  node: LoadNode,
): Promise<unknown> {
  if (!isTraced()) return run(core, request, stale, node);
  return traced({ cache: core.options.name, method: request.methodCounters?.name }, (trace) =>
    run(core, request, stale, node, trace),
  );
}

async function run(
  core: CacheCore,
  { key, loader, policy, methodCounters, args }: LoadRequest,
  stale: unknown,
  node: LoadNode,
  trace?: LoadTrace,
): Promise<unknown> {
  const report = new LoaderRun(core, key, methodCounters, trace);
  const { clock } = core;
  const ms = LIMITS.leaseTerms * policy.leaseMs;
  const context = new LazyLoadContext(key, stale, { clock, endsAt: report.startedAt + ms, ms });
  try {
    const outcome = callInside(node, () => loader(context));
    const value =
      policy.hardMs === undefined
        ? await outcome
        : await limited(core, context, outcome, policy.hardMs);
    report.succeeded();
    return value;
  } catch (error) {
    node.joinerRetries = context.isAborted ? 0 : retriesAfter(error, args);
    report.failed(error);
    throw error;
  } finally {
    context.end();
  }
}

function limited(
  core: CacheCore,
  context: LazyLoadContext,
  work: Promise<unknown>,
  hardMs: number,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = core.clock.setTimeout(() => {
      const error = new LoadTimeoutError(context.key, hardMs);
      context.abort(error);
      reject(error);
    }, hardMs);
    const settle =
      <T>(how: (outcome: T) => void) =>
      (outcome: T) => {
        core.clock.clearTimeout(timer);
        how(outcome);
      };
    // The loader's own error is passed on unchanged, of any type.
    work.then(settle(resolve), settle(reject));
  });
}
