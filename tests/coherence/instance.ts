import { CacheManager } from 'aurora-cache';

import type { CacheCore } from '../../src/cache/core/cache-core.js';
import { until } from '../support/until.js';
import type { RunSpec } from './protocol.js';
import { coreOf, journalOf, sabotage } from './sabotage.js';
import { subjectsOf, type Subject, type Surroundings } from './subjects.js';

/** The longest wait for quiet. */
export const REST_MS = 60_000;

/** A cache, and what is done with it. */
export interface Instance {
  readonly cache: CacheManager;
  readonly core: CacheCore;
  readonly subjects: readonly Subject[];
}

/** A cache without Redis guarantees nothing to others; one that is off reads the database. */
export function isUnavailable({ enabled, shared }: CacheCore): boolean {
  return enabled && shared?.isUnavailable === true;
}

/** Waits until a cache receives messages. */
export async function untilListening({ shared }: CacheCore): Promise<void> {
  await until('it hears messages', async () => shared?.isListening === true, REST_MS);
}

/** @param onError - Called with the text of each error that the cache reports. */
export function newInstance(
  spec: RunSpec,
  around: Omit<Surroundings, 'cache'>,
  onError: (text: string) => void,
): Instance {
  const { target, namespace, bus, grace, memoryTtlMs, leaseMs } = spec;
  const cache = new CacheManager({
    ...{ ...target, namespace, bus },
    memory: spec.memory && (memoryTtlMs === undefined ? {} : { ttl: `${memoryTtlMs}ms` }),
    lease: leaseMs === undefined ? undefined : `${leaseMs}ms`,
    ...(grace
      ? { defaultTtl: '150ms', grace: '1m', softTimeout: '15ms', refreshAhead: 0.3 }
      : { defaultTtl: '10m' }),
  });
  cache.on('error', ({ error }) => {
    onError(String(error));
  });
  return { cache, core: coreOf(cache), subjects: subjectsOf(spec, { ...around, cache }) };
}

/** Waits until a cache has its connections, and takes from it what the run does without. */
export async function prepare({ cache, core }: Instance, spec: RunSpec): Promise<void> {
  await cache.get('warm-up');
  await untilListening(core);
  if (spec.journalCapacity !== undefined) journalOf(core).capacity = spec.journalCapacity;
  if (spec.sabotage !== undefined) sabotage(core, spec.sabotage);
}
