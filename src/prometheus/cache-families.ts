import type { Engine } from '../cache/engine.js';
import type { CacheCounters } from '../stats/counters.js';
import type { Sample, ScalarFamily } from './family.js';

type Figure = (engine: Engine) => number;

/** One sample per cache. */
function perCache(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  figure: Figure,
): ScalarFamily {
  return {
    ...{ type, name, help },
    samples: ({ engines }) =>
      engines.map((engine) => ({
        value: figure(engine),
        labels: { cache: engine.options.name },
      })),
  };
}

const counter = (name: string, help: string, counted: keyof CacheCounters): ScalarFamily =>
  perCache('counter', name, help, ({ counters }) => counters[counted]);

/** The same of the memory tier, in caches that have one. */
function ofMemory(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  figure: (engine: Engine, memory: NonNullable<Engine['memory']>) => number,
): ScalarFamily {
  return {
    ...{ type, name, help },
    samples: ({ engines }) =>
      engines.flatMap((engine) => {
        const { memory } = engine;
        if (memory === undefined) return [];
        return [{ value: figure(engine, memory), labels: labelsOf(engine, 'memory') }];
      }),
  };
}

function labelsOf({ options }: Engine, tier: 'memory' | 'shared'): Sample['labels'] {
  return { cache: options.name, tier };
}

const hits: ScalarFamily = {
  type: 'counter',
  name: 'cache_hits_total',
  help: 'Reads that were answered with a fresh value.',
  samples: ({ engines }) =>
    engines.flatMap((engine) => {
      const { counters, memory, shared } = engine;
      return [
        ...(memory === undefined
          ? []
          : [{ value: counters.memoryHits, labels: labelsOf(engine, 'memory') }]),
        ...(shared === undefined
          ? []
          : [{ value: counters.sharedHits, labels: labelsOf(engine, 'shared') }]),
      ];
    }),
};

const size: ScalarFamily = {
  type: 'gauge',
  name: 'cache_size',
  help: 'Entries; those of the shared tier as counted some seconds ago.',
  async samples({ engines }) {
    const samples = await Promise.all(engines.map(sizesOf));
    return samples.flat();
  },
};

async function sizesOf(engine: Engine): Promise<Sample[]> {
  const { memory, shared, enabled } = engine;
  const samples: Sample[] = [];
  if (memory !== undefined) {
    samples.push({ value: memory.size, labels: labelsOf(engine, 'memory') });
  }
  const count = enabled && shared?.isAway === false ? await shared.count() : undefined;
  // What is not known is left out: a zero would say that the tier is empty.
  if (count !== undefined) samples.push({ value: count, labels: labelsOf(engine, 'shared') });
  return samples;
}

const breaker: ScalarFamily = {
  type: 'gauge',
  name: 'cache_breaker_state',
  help: 'State of the circuit breaker in front of the shared tier: 1 for the one it is in.',
  samples: ({ engines }) =>
    engines.flatMap(({ options, shared }) => {
      if (shared === undefined) return [];
      return (['closed', 'open', 'half-open'] as const).map((status) => ({
        value: shared.breakerState === status ? 1 : 0,
        labels: { cache: options.name, status },
      }));
    }),
};

/** @internal */
export const CACHE_FAMILIES: readonly ScalarFamily[] = [
  hits,
  counter('cache_misses_total', 'Reads that found nothing fresh.', 'misses'),
  size,
  ofMemory(
    'gauge',
    'cache_size_limit',
    'Most entries that a tier holds.',
    (_, { maxItems }) => maxItems,
  ),
  ofMemory(
    'gauge',
    'cache_memory_bytes',
    'Estimated bytes in memory; 0 unless maxMemoryBytes is set.',
    (_, { bytes }) => bytes,
  ),
  ofMemory(
    'counter',
    'cache_evictions_total',
    'Entries that gave way for want of room.',
    ({ counters }) => counters.evictions,
  ),
  ofMemory(
    'counter',
    'cache_expirations_total',
    'Entries that left since their time was over.',
    ({ counters }) => counters.expirations,
  ),
  counter('cache_stale_hits_total', 'Misses that were answered with an expired value.', 'stale'),
  counter('cache_loads_total', 'Loads begun.', 'loads'),
  counter('cache_load_errors_total', 'Loads that failed or timed out.', 'loadErrors'),
  counter('cache_joined_loads_total', 'Callers that joined a load under way.', 'joined'),
  counter('cache_refreshes_total', 'Loads begun ahead of the end of a life.', 'refreshes'),
  perCache(
    'gauge',
    'cache_loads_in_flight',
    'Keys being loaded or filled now.',
    ({ flights }) => flights.size,
  ),
  counter('cache_sets_total', 'Values stored by hand.', 'sets'),
  counter('cache_deletes_total', 'Keys deleted by hand.', 'deletes'),
  counter('cache_invalidations_total', 'Keys, patterns and tags invalidated.', 'invalidations'),
  counter('cache_clears_total', 'Clears, by a pattern or of everything.', 'clears'),
  counter(
    'cache_refused_fills_total',
    'Results that were not stored, since an invalidation overtook them.',
    'refusedFills',
  ),
  counter('cache_leases_granted_total', 'Leases that this process was given.', 'leasesGranted'),
  counter('cache_leases_denied_total', 'Leases that another load held.', 'leasesDenied'),
  counter('cache_leases_renewed_total', 'Prolongations of leases.', 'leasesRenewed'),
  counter('cache_leases_lost_total', 'Leases that ended while their loads ran.', 'leasesLost'),
  perCache(
    'counter',
    'cache_invalidations_sent_total',
    'Messages of invalidations and fills to the other processes.',
    ({ shared }) => shared?.messages.sent ?? 0,
  ),
  perCache(
    'counter',
    'cache_invalidations_received_total',
    'Messages of invalidations and fills that arrived.',
    ({ shared }) => shared?.messages.received ?? 0,
  ),
  perCache(
    'gauge',
    'cache_pending_invalidations',
    'Invalidations that the shared tier has not heard of yet.',
    ({ shared }) => shared?.pending ?? 0,
  ),
  breaker,
  perCache(
    'gauge',
    'cache_degraded',
    'Whether the shared tier does not answer, and memory carries on alone.',
    ({ shared, enabled }) => Number(enabled && shared?.isAway === true),
  ),
  perCache(
    'gauge',
    'cache_enabled',
    'Whether the cache is on: neither disabled nor closed.',
    ({ enabled }) => Number(enabled),
  ),
  counter('cache_errors_total', 'Failures that no caller saw.', 'errors'),
];
