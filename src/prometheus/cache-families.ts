import type { CacheCore } from '../cache/core/cache-core.js';
import type { CacheCounters } from '../stats/counters.js';
import type { Sample, ScalarFamily } from './family.js';

type Read = (core: CacheCore) => number;

/** One sample per cache. */
function perCache(type: 'counter' | 'gauge', name: string, help: string, read: Read): ScalarFamily {
  return {
    ...{ type, name, help },
    samples: ({ cores }) =>
      cores.map((core) => ({
        value: read(core),
        labels: { cache: core.options.name },
      })),
  };
}

const counter = (name: string, help: string, counted: keyof CacheCounters): ScalarFamily =>
  perCache('counter', name, help, ({ counters }) => counters[counted]);

/** One sample per cache that has a memory tier. */
function ofMemory(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  read: (core: CacheCore, memory: NonNullable<CacheCore['memory']>) => number,
): ScalarFamily {
  return {
    ...{ type, name, help },
    samples: ({ cores }) =>
      cores.flatMap((core) => {
        const { memory } = core;
        if (memory === undefined) return [];
        return [{ value: read(core, memory), labels: labelsOf(core, 'memory') }];
      }),
  };
}

function labelsOf({ options }: CacheCore, tier: 'memory' | 'shared'): Sample['labels'] {
  return { cache: options.name, tier };
}

const hits: ScalarFamily = {
  type: 'counter',
  name: 'cache_hits_total',
  help: 'Reads that returned a fresh value.',
  samples: ({ cores }) =>
    cores.flatMap((core) => {
      const { counters, memory, shared } = core;
      return [
        ...(memory === undefined
          ? []
          : [{ value: counters.memoryHits, labels: labelsOf(core, 'memory') }]),
        ...(shared === undefined
          ? []
          : [{ value: counters.sharedHits, labels: labelsOf(core, 'shared') }]),
      ];
    }),
};

const size: ScalarFamily = {
  type: 'gauge',
  name: 'cache_size',
  help: 'Entries per tier; the shared tier is counted every few seconds.',
  async samples({ cores }) {
    const samples = await Promise.all(cores.map(sizesOf));
    return samples.flat();
  },
};

async function sizesOf(core: CacheCore): Promise<Sample[]> {
  const { memory, shared, enabled } = core;
  const samples: Sample[] = [];
  if (memory !== undefined) {
    samples.push({ value: memory.size, labels: labelsOf(core, 'memory') });
  }
  const count = enabled && shared?.isUnavailable === false ? await shared.count() : undefined;
  // An unknown size is left out: a zero would mean that the tier is empty.
  if (count !== undefined) samples.push({ value: count, labels: labelsOf(core, 'shared') });
  return samples;
}

const breaker: ScalarFamily = {
  type: 'gauge',
  name: 'cache_breaker_state',
  help: 'State of the circuit breaker of the shared tier: 1 for the current state, else 0.',
  samples: ({ cores }) =>
    cores.flatMap(({ options, shared }) => {
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
    'Maximum number of entries of the tier.',
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
    'Entries removed to make room.',
    ({ counters }) => counters.evictions,
  ),
  ofMemory(
    'counter',
    'cache_expirations_total',
    'Entries removed because they had expired.',
    ({ counters }) => counters.expirations,
  ),
  counter('cache_stale_hits_total', 'Misses that returned an expired value.', 'stale'),
  counter('cache_loads_total', 'Loads started.', 'loads'),
  counter('cache_load_errors_total', 'Loads that failed or timed out.', 'loadErrors'),
  counter('cache_joined_loads_total', 'Callers that joined a load in progress.', 'joined'),
  counter('cache_refreshes_total', 'Loads started before the entry expired.', 'refreshes'),
  perCache(
    'gauge',
    'cache_loads_in_flight',
    'Keys being loaded or filled.',
    ({ loads }) => loads.size,
  ),
  counter('cache_sets_total', 'Values stored explicitly rather than by a load.', 'sets'),
  counter('cache_deletes_total', 'Keys deleted explicitly.', 'deletes'),
  counter('cache_invalidations_total', 'Keys, patterns and tags invalidated.', 'invalidations'),
  counter('cache_clears_total', 'Clears by pattern or of the whole namespace.', 'clears'),
  counter(
    'cache_refused_fills_total',
    'Results not stored because the key was invalidated during the load.',
    'refusedFills',
  ),
  counter('cache_leases_granted_total', 'Leases granted to this process.', 'leasesGranted'),
  counter(
    'cache_leases_denied_total',
    'Leases denied because another load held them.',
    'leasesDenied',
  ),
  counter('cache_leases_renewed_total', 'Renewals of leases.', 'leasesRenewed'),
  counter(
    'cache_leases_lost_total',
    'Leases that expired or were revoked during their load.',
    'leasesLost',
  ),
  perCache(
    'counter',
    'cache_invalidations_sent_total',
    'Invalidation and fill messages sent to other processes.',
    ({ shared }) => shared?.messages.sent ?? 0,
  ),
  perCache(
    'counter',
    'cache_invalidations_received_total',
    'Invalidation and fill messages received.',
    ({ shared }) => shared?.messages.received ?? 0,
  ),
  perCache(
    'gauge',
    'cache_pending_invalidations',
    'Invalidations not yet applied to the shared tier.',
    ({ shared }) => shared?.pending ?? 0,
  ),
  breaker,
  perCache(
    'gauge',
    'cache_degraded',
    '1 while the shared tier is unavailable and only memory is used, else 0.',
    ({ shared, enabled }) => Number(enabled && shared?.isUnavailable === true),
  ),
  perCache(
    'gauge',
    'cache_enabled',
    '1 while the cache is neither disabled nor closed, else 0.',
    ({ enabled }) => Number(enabled),
  ),
  counter('cache_errors_total', 'Failures that were not reported to a caller.', 'errors'),
];
