import { PROMETHEUS_LIMITS } from '../base/options/defaults.js';
import type { MethodCounters } from '../stats/method-counters.js';
import { timings, type TimingCounters } from '../stats/timing-registry.js';
import { merged, type Durations, type Family, type Labels, type ScalarFamily } from './family.js';
import type { MetricsScope } from './scope.js';

/** Shared by the methods beyond the bound. A label never changes once assigned, so counters never go down. */
const OTHERS = 'other';

function byLabel<R extends { readonly name: string }>(counters: Iterable<R>): Map<string, R[]> {
  const groups = new Map<string, R[]>();
  for (const one of counters) {
    const { name } = one;
    const label =
      groups.has(name) || groups.size < PROMETHEUS_LIMITS.labelledMethods ? name : OTHERS;
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [one]);
    else group.push(one);
  }
  return groups;
}

function* cachedMethods({ cores }: MetricsScope): Generator<readonly [Labels, MethodCounters[]]> {
  for (const { options, methods } of cores) {
    for (const [method, counters] of byLabel(methods.values())) {
      yield [{ cache: options.name, method }, counters];
    }
  }
}

/** Timing belongs to methods, not to a cache. */
function* timedMethods(): Generator<readonly [Labels, TimingCounters[]]> {
  for (const [method, counters] of byLabel(timings().all())) yield [{ method }, counters];
}

function summed<R>(
  groups: (scope: MetricsScope) => Iterable<readonly [Labels, R[]]>,
  read: (one: R) => number,
): ScalarFamily['samples'] {
  return (scope) =>
    Array.from(groups(scope), ([labels, counters]) => ({
      labels,
      value: counters.reduce((sum, one) => sum + read(one), 0),
    }));
}

/** @internal */
export const METHOD_FAMILIES: readonly Family[] = [
  {
    type: 'counter',
    name: 'cache_method_hits_total',
    help: 'Calls of a cached method that returned a fresh value from the cache.',
    samples: summed(cachedMethods, ({ hits }) => hits),
  },
  {
    type: 'counter',
    name: 'cache_method_misses_total',
    help: 'Calls of a cached method that found nothing fresh.',
    samples: summed(cachedMethods, ({ misses }) => misses),
  },
  {
    type: 'counter',
    name: 'cache_method_load_errors_total',
    help: 'Runs of a cached method that failed or timed out.',
    samples: summed(cachedMethods, ({ loadErrors }) => loadErrors),
  },
  {
    type: 'counter',
    name: 'cache_method_time_saved_seconds_total',
    help: 'Time saved by hits: each hit adds the mean duration of the loads so far.',
    samples: summed(cachedMethods, ({ timeSavedMs }) => timeSavedMs / 1000),
  },
  {
    type: 'histogram',
    name: 'cache_load_duration_seconds',
    help: 'Durations of the successful runs of a cached method.',
    *durations(scope: MetricsScope): Durations {
      for (const [labels, counters] of cachedMethods(scope)) {
        yield [labels, merged(counters.flatMap(({ loadTimes }) => loadTimes.recorded ?? []))];
      }
    },
  },
  {
    type: 'histogram',
    name: 'timed_call_duration_seconds',
    help: 'Durations of the calls of a timed method.',
    *durations(): Durations {
      for (const [labels, counters] of timedMethods()) {
        yield [labels, merged(counters.flatMap(({ durations }) => durations.recorded ?? []))];
      }
    },
  },
  {
    type: 'counter',
    name: 'timed_call_errors_total',
    help: 'Failed calls of a timed method.',
    samples: summed(timedMethods, ({ errors }) => errors),
  },
  {
    type: 'gauge',
    name: 'timed_calls_in_flight',
    help: 'Calls of a timed method in progress.',
    samples: summed(timedMethods, ({ inFlight }) => inFlight),
  },
];
