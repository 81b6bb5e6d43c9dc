import { CacheManager, type CacheOptions } from 'aurora-cache';

import { CORE } from '../../src/cache/manager.js';
import { BusLink } from './bus-link.js';
import { CommandLink } from './command-link.js';
import type { Scenario } from './scenario.js';
import { VirtualClock } from './scheduler.js';
import { SimulatedStore } from './simulated-store.js';
import type { Member, World } from './world.js';

const NAMESPACE = 'sim';

/** Makes a process of the scenario, which is not connected yet. */
export function newMember(
  id: number,
  {
    scheduler,
    server,
    scenario,
    random,
  }: Pick<World, 'scheduler' | 'server' | 'scenario' | 'random'>,
): Member {
  const { hasMemory, skewMs } = scenario.processes[id] as Scenario['processes'][number];
  const { commandMs, busMs, tracking, storeTimeoutMs, leaseMs } = scenario;
  const common = { scheduler, server, together: () => random.chance(0.5) };
  const link = new CommandLink({ ...common, delay: () => random.int(0, commandMs) });
  const bus = new BusLink({ ...common, delay: () => random.int(0, busMs) }, tracking && hasMemory);
  const store = new SimulatedStore({
    ...{ scheduler, link, bus, skewMs, namespace: NAMESPACE },
    keys: scenario.keys.map(({ key }) => key),
    openMs: () => random.int(0, 20),
  });
  const cache = new CacheManager({
    store: store as unknown as NonNullable<CacheOptions['store']>,
    namespace: NAMESPACE,
    clock: new VirtualClock(scheduler, skewMs),
    random: () => random.next(),
    bus: tracking ? 'tracking' : 'pubsub',
    storeTimeout: `${storeTimeoutMs}ms`,
    lease: `${leaseMs}ms`,
    breaker: { failures: 5, probeAfter: '100ms', maxProbeDelay: '400ms' },
    ...(hasMemory ? {} : { memory: false as const }),
    enabled: !scenario.closings?.some(({ process, at }) => process === id && at === undefined),
  });
  const { core } = cache[CORE];
  if (core.shared !== undefined) {
    const { repairs } = core.shared as unknown as {
      repairs: { journal: { capacity: number } };
    };
    repairs.journal.capacity = scenario.journal;
  }
  return { id, hasMemory, cache, core, store, link, bus };
}
