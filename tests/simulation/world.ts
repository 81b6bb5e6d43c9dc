import type { CacheManager } from 'aurora-cache';

import type { CacheCore } from '../../src/cache/core/cache-core.js';
import type { BusLink } from './bus-link.js';
import type { Checker } from './checker.js';
import type { CommandLink } from './command-link.js';
import type { History } from './history.js';
import type { Random } from './random.js';
import type { KeyPlan, Scenario } from './scenario.js';
import type { Scheduler } from './scheduler.js';
import type { Server } from './server.js';
import type { SimulatedStore } from './simulated-store.js';

/** One process: a cache, and what connects it. */
export interface Member {
  readonly id: number;
  readonly hasMemory: boolean;
  readonly cache: CacheManager;
  readonly core: CacheCore;
  readonly store: SimulatedStore;
  readonly link: CommandLink;
  readonly bus: BusLink;
}

/** Everything that a scenario takes place in. */
export interface World {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly history: History;
  /** For random choices during the run. */
  readonly random: Random;
  readonly checker: Checker;
  readonly server: Server;
  readonly members: readonly Member[];
  readonly plans: ReadonlyMap<string, KeyPlan>;
  /** Calls that have not settled. */
  open: number;
  /** Adds a line to the trace, if there is one. */
  readonly note: (what: () => string) => void;
}

/** Invalidations of a process that the server has not confirmed. */
export function pendingOf({ core: { shared, offTier } }: Member): number {
  return (shared?.pending ?? 0) + offTier.pending;
}
