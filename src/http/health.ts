import type { Engine } from '../cache/engine.js';

/**
 * How the tiers are. A shared tier that is away is no reason to take an instance out of service:
 * it carries on from memory, and so do all others, whom the same store has left.
 *
 * @internal
 */
export function healthOf(engine: Engine, isClosing: boolean): Readonly<Record<string, unknown>> {
  const { memory, shared, options } = engine;
  const isEnding = isClosing || (options.enabled && !engine.enabled);
  const isAway = shared?.isAway === true && engine.enabled;
  return {
    status: isEnding ? 'closing' : isAway ? 'degraded' : 'ok',
    enabled: engine.enabled,
    degraded: isAway,
    tiers: {
      memory: {
        state: memory === undefined ? 'off' : 'ok',
        keys: memory?.size ?? 0,
        // Not while what the others write does not reach us.
        serving: engine.servesMemory,
      },
      shared: {
        state: shared === undefined ? 'off' : isAway ? 'away' : 'ok',
        type: shared === undefined ? null : shared.isCoordinated ? 'redis' : 'keyv',
        breaker: shared?.breakerState ?? 'closed',
        listening: shared?.isListening ?? false,
        pending_invalidations: shared?.pending ?? 0,
      },
    },
  };
}
