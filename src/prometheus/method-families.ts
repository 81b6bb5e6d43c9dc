import { LIMITS } from '../base/defaults.js';
import type { MethodRecord, TimingRecord } from '../stats/method-record.js';
import { timings } from '../stats/timing-registry.js';
import { together, type Durations, type Family, type Labels, type ScalarFamily } from './family.js';
import type { Scope } from './scope.js';

/** Beyond the bound, methods share a label. Who came first keeps his: counters must not shrink. */
const OTHERS = 'other';

function byLabel<R extends { readonly name: string }>(records: Iterable<R>): Map<string, R[]> {
  const groups = new Map<string, R[]>();
  for (const record of records) {
    const { name } = record;
    const label = groups.has(name) || groups.size < LIMITS.labelledMethods ? name : OTHERS;
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [record]);
    else group.push(record);
  }
  return groups;
}

function* cachedMethods({ engines }: Scope): Generator<readonly [Labels, MethodRecord[]]> {
  for (const { options, methods } of engines) {
    for (const [method, records] of byLabel(methods.values())) {
      yield [{ cache: options.name, method }, records];
    }
  }
}

/** Timing belongs to methods and not to a cache. */
function* timedMethods(): Generator<readonly [Labels, TimingRecord[]]> {
  for (const [method, records] of byLabel(timings().all())) yield [{ method }, records];
}

function summed<R>(
  groups: (scope: Scope) => Iterable<readonly [Labels, R[]]>,
  figure: (record: R) => number,
): ScalarFamily['samples'] {
  return (scope) =>
    Array.from(groups(scope), ([labels, records]) => ({
      labels,
      value: records.reduce((sum, record) => sum + figure(record), 0),
    }));
}

/** @internal */
export const METHOD_FAMILIES: readonly Family[] = [
  {
    type: 'counter',
    name: 'cache_method_hits_total',
    help: 'Calls of a cached method that were answered with a fresh value.',
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
    help: 'Time that hits saved: for each, the mean run of the method until then.',
    samples: summed(cachedMethods, ({ timeSavedMs }) => timeSavedMs / 1000),
  },
  {
    type: 'histogram',
    name: 'cache_load_duration_seconds',
    help: 'Durations of the runs of a cached method that succeeded.',
    *durations(scope: Scope): Durations {
      for (const [labels, records] of cachedMethods(scope)) {
        yield [labels, together(records.flatMap(({ loadTimes }) => loadTimes.recorded ?? []))];
      }
    },
  },
  {
    type: 'histogram',
    name: 'timed_call_duration_seconds',
    help: 'Durations of the calls of a timed method.',
    *durations(): Durations {
      for (const [labels, records] of timedMethods()) {
        yield [labels, together(records.flatMap(({ durations }) => durations.recorded ?? []))];
      }
    },
  },
  {
    type: 'counter',
    name: 'timed_call_errors_total',
    help: 'Calls of a timed method that failed.',
    samples: summed(timedMethods, ({ errors }) => errors),
  },
  {
    type: 'gauge',
    name: 'timed_calls_in_flight',
    help: 'Calls of a timed method that have not settled yet.',
    samples: summed(timedMethods, ({ inFlight }) => inFlight),
  },
];
