import type { CacheCore } from '../../cache/core/cache-core.js';

/**
 * The state of each tier. An instance whose shared tier is unavailable is `degraded`, but stays in service: it
 * keeps serving from memory, and every other instance has lost the same store.
 *
 * @internal
 */
export function healthOf(core: CacheCore, isClosing: boolean): Readonly<Record<string, unknown>> {
  const { memory, shared, options } = core;
  const isEnding = isClosing || (options.enabled && !core.enabled);
  const isDegraded = shared?.isUnavailable === true && core.enabled;
  return {
    status: isEnding ? 'closing' : isDegraded ? 'degraded' : 'ok',
    enabled: core.enabled,
    degraded: isDegraded,
    tiers: {
      memory: {
        state: memory === undefined ? 'off' : 'ok',
        keys: memory?.size ?? 0,
        // False while invalidations of other instances do not arrive.
        serving: core.trust.canUseMemory,
      },
      shared: {
        state: shared === undefined ? 'off' : isDegraded ? 'away' : 'ok',
        type: shared === undefined ? null : shared.isCoordinated ? 'redis' : 'keyv',
        breaker: shared?.breakerState ?? 'closed',
        listening: shared?.isListening ?? false,
        pending_invalidations: shared?.pending ?? 0,
      },
    },
  };
}
