import type { CacheCore } from '../../src/cache/core/cache-core.js';
import type { Repairs } from '../../src/store/resilience/repairs.js';
import type { Sabotage } from './simulation.js';

/*
 * Each takes one rule of the protocol away, from outside. The checker must notice: otherwise it
 * would not notice either if the rule were broken in src.
 */

function inEach(change: (core: CacheCore) => void): Sabotage {
  return (members) => {
    for (const { core } of members) change(core);
  };
}

function nothing(): void {
  // In the place of what would have been done.
}

/** Replaces methods by others, on this one object. */
function replace(target: object, names: readonly string[], by: unknown = nothing): void {
  for (const name of names) {
    if (!(name in target)) throw new Error(`There is no ${name} to be sabotaged.`);
    Object.defineProperty(target, name, { value: by });
  }
}

/** The shared tier; simulated caches have one. */
function sharedOf(core: CacheCore): object {
  return core.shared as object;
}

/** A part of what the shared tier's store has to repair. */
function partOf(core: CacheCore, name: 'log' | 'recovery' | 'journal'): object {
  const { repairs } = sharedOf(core) as { repairs: Record<string, object> };
  return repairs[name] as object;
}

/** Faults in closing caches, found by scenarios that close some. */
export const CLOSING_SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'a cache that is off drops its invalidations': inEach(({ offTier }) => {
    replace(offTier, ['run'], async () => undefined);
  }),
  'close keeps its leases': inEach(({ leases }) => {
    replace(leases, ['add']);
  }),
  'close waits for nothing': inEach(({ underWay, writes }) => {
    replace(underWay, ['add']);
    Object.defineProperty(writes, 'size', { value: 0 });
  }),
};

/** Faults in bulk calls, found by scenarios that have some. */
export const BULK_SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'a bulk call ignores a later write of one of its keys': inEach(({ writes }) => {
    replace(writes, ['excludeFromBulks']);
  }),
  'a bulk call does not wait for earlier writes of its keys': inEach(({ writes }) => {
    replace(writes, ['runMany'], async (_: unknown, run: () => Promise<unknown>) => await run());
  }),
  'keys that a bulk call no longer sends are not logged': inEach((core) => {
    replace(sharedOf(core), ['logPending']);
  }),
  'a chunk that got no reply is not logged': inEach((core) => {
    const { repairs } = sharedOf(core) as { repairs: Repairs };
    const keysFailed = repairs.keysFailed.bind(repairs);
    replace(repairs, ['keysFailed'], (keys: readonly string[]) => {
      if (keys.length < 2) keysFailed(keys);
    });
  }),
};

export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'a fill needs no lease': (_, server) => {
    server.checksLeases = false;
  },
  'every request for a lease is granted': (_, server) => {
    const acquire = server.acquire.bind(server);
    replace(server, ['acquire'], (key: string, token: string, leaseMs: number, notAfter: number) =>
      acquire(key, token, leaseMs, notAfter, true),
    );
  },
  'fences are never marked': inEach(({ invalidation: { fences } }) => {
    replace(fences, ['mark', 'markOlder']);
  }),
  'messages of others do not mark fences': inEach(({ invalidation: { fences } }) => {
    const mark = fences.mark.bind(fences);
    replace(fences, ['mark'], (...[what, by, except]: Parameters<typeof mark>) => {
      if (by === 'local') mark(what, by, except);
    });
  }),
  'loads are never detached': inEach(({ loads }) => {
    replace(loads, ['detach', 'detachMatching', 'detachTagged', 'detachAll']);
  }),
  'a bus that is back resets nothing': (members) => {
    for (const { store } of members) replace(store.coordinator?.listener as object, ['onReset']);
  },
  'every caller joins any load': inEach((core) => {
    Object.defineProperty(core.trust, 'canJoinAnyLoad', { get: () => true });
  }),
  "the tags' clock is noted as though it stood in the future": inEach((core) => {
    const { tags } = sharedOf(core) as { tags: object };
    replace(tags, ['clock'], async () => Number.MAX_SAFE_INTEGER);
  }),
  "tags' versions are not read": inEach((core) => {
    const { tags } = sharedOf(core) as { tags: object };
    replace(tags, ['areValid'], async () => true);
  }),
  'memory is trusted while the bus is down': inEach((core) => {
    replace(core.trust, ['update']);
    core.trust.canUseMemory = core.memory !== undefined;
  }),
  'removals that failed are not logged': inEach((core) => {
    replace(partOf(core, 'log'), ['addKey', 'addTags', 'addPatterns']);
  }),
  'removals that failed are not replayed': inEach((core) => {
    replace(partOf(core, 'recovery'), ['run', 'schedule'], async () => true);
  }),
  'writes of one key do not wait for each other': inEach(({ writes }) => {
    replace(writes, ['run'], async (_: string, write: () => Promise<unknown>) => await write());
  }),
};

/** Those that matter when the server comes back in an earlier state. */
export const ROLLBACK_SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'invalidations that the store has lost are not repeated': inEach((core) => {
    const journal = partOf(core, 'journal');
    replace(journal, ['ready']);
    replace(journal, ['isCurrent'], () => true);
  }),
  'a journal that does not reach back raises no floor': (members) => {
    for (const { store } of members) replace(store.coordinator?.history as object, ['raiseFloor']);
  },
};
