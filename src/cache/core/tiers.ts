import { TypeTable } from '../../base/type-table.js';
import { copyOf } from '../../memory/copy.js';
import { MemoryStore } from '../../memory/memory-store.js';
import type { CoordinatorListener } from '../../store/coordinator.js';
import { openSharedTier } from '../../store/open-tier.js';
import type { SharedTier } from '../../store/shared-tier.js';
import type { ResolvedOptions } from '../resolve-options.js';
import { openRedis } from './redis-tier.js';

/**
 * The memory tier that the options ask for.
 *
 * @internal
 */
export function openMemory(options: ResolvedOptions): MemoryStore | undefined {
  const { memory, clock } = options;
  if (memory === false) return undefined;
  return new MemoryStore({
    maxItems: options.maxMemoryItems,
    maxBytes: options.maxMemoryBytes,
    sizeOf: memory.sizeOf,
    freeze: memory.freeze,
    clone: memory.clone,
    types: options.types,
    eviction: memory.eviction,
    clock,
  });
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
 * The shared tier that the options ask for.
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
  const { timeoutMs, hasMemory, listens, origin, listener, onError, onChange } = use;
  const tierOptions = {
    store,
    namespace: options.namespace,
    clock: options.clock,
    timeoutMs,
    codec: options.codec,
    types: options.types,
    maxValueBytes: options.maxValueBytes,
    compressFrom: options.compressFrom,
    breaker: options.breaker,
    coordination: { hasMemory, listens, origin, bus: options.bus, listener },
    preserve: (value: unknown) => preserved(value, options),
    onError,
    onChange,
  };
  return openSharedTier(tierOptions, onLoad);
}

/**
 * A value as it is now, to be encoded once the codec is there: a copy. A value that cannot be copied
 * is returned itself, since encoding refuses it as well.
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
