import { DEFAULTS } from '../../base/options/defaults.js';
import { TypeTable } from '../../base/values/type-table.js';
import { warnOnce } from '../../base/errors/warn.js';
import { copyOf } from '../../memory/copy.js';
import { MemoryTier } from '../../memory/memory-tier.js';
import type { CoordinatorListener } from '../../store/coordinator.js';
import { openSharedTier } from '../../store/open-tier.js';
import type { SharedTier } from '../../store/shared-tier.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { openRedis } from './redis-tier.js';

/**
 * The memory tier that the options describe.
 *
 * @internal
 */
export function openMemory(options: ResolvedOptions): MemoryTier | undefined {
  const { memory, clock } = options;
  if (memory === false) return undefined;
  const tier = new MemoryTier({
    ...memory,
    maxItems: options.maxMemoryItems,
    maxBytes: options.maxMemoryBytes,
    types: options.types,
    clock,
  });
  if ((memory.eviction ?? DEFAULTS.eviction) === 'adaptive') void adapt(tier);
  return tier;
}

/** Uses LRU until adaptive eviction has been loaded, a few milliseconds after the process starts. */
async function adapt(tier: MemoryTier): Promise<void> {
  try {
    const { AdaptivePolicy } = await import('../../memory/eviction/adaptive.js');
    tier.usePolicy((store) => new AdaptivePolicy(store));
  } catch {
    warnOnce(
      'AURORA_NO_ADAPTIVE_EVICTION',
      'load',
      'Adaptive eviction could not be loaded, so LRU is used. Deploy all files of a bundle.',
    );
  }
}

/** The use of one shared tier. */
interface SharedTierUse {
  readonly timeoutMs: number;
  readonly hasMemory: boolean;
  readonly listens: boolean;
  /** Identifies the memory tier among those that share the store. */
  readonly origin: string;
  readonly listener: CoordinatorListener;
  readonly onError: (error: unknown) => void;
  readonly onChange: (isUnavailable: boolean) => void;
}

/**
 * The shared tier that the options describe.
 *
 * @param onLoad - Called with the tier to use from then on, if its code had to be loaded first.
 * @internal
 */
export function openShared(
  options: ResolvedOptions,
  use: SharedTierUse,
  onLoad?: (tier: SharedTier) => void,
): SharedTier | undefined {
  const store = options.redis === undefined ? options.store : openRedis(options.redis);
  if (store === undefined) return undefined;
  const tierOptions = {
    ...use,
    store,
    namespace: options.namespace,
    hasNamespace: options.hasNamespace,
    clock: options.clock,
    codec: options.codec,
    types: options.types,
    maxValueBytes: options.maxValueBytes,
    compressFrom: options.compressFrom,
    breaker: options.breaker,
    coordination: { ...use, bus: options.bus },
    preserve: (value: unknown) => preserved(value, options),
  };
  return openSharedTier(tierOptions, onLoad);
}

/**
 * A copy of a value, to be encoded once the codec has been loaded. A value that cannot be copied is returned
 * itself, since the codec will refuse it as well.
 */
function preserved(
  value: unknown,
  { codec, types }: Pick<ResolvedOptions, 'codec' | 'types'>,
): unknown {
  try {
    return codec === undefined
      ? copyOf(value, new TypeTable(types))
      : codec.decode(codec.encode(value));
  } catch {
    return value;
  }
}
