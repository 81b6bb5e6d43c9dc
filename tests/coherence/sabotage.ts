import type { CacheManager } from 'aurora-cache';

import type { CacheCore } from '../../src/cache/core/cache-core.js';
import type { Coordinator, CoordinatorListener } from '../../src/store/coordinator.js';
import type { Journal } from '../../src/store/resilience/journal.js';
import type { Repairs } from '../../src/store/resilience/repairs.js';
import type { SharedTags } from '../../src/store/shared-tags.js';
import type { Sabotage } from './protocol.js';

const CORE = Symbol.for('aurora-cache.core.v4');

/** The internals of a cache, for tests that inspect or break them. */
export function coreOf(cache: CacheManager): CacheCore {
  return (cache as unknown as Record<symbol, { core: CacheCore }>)[CORE]!.core;
}

interface Private {
  readonly shared: { readonly coordinator: Coordinator };
}

interface PrivateRepairs {
  readonly shared: { readonly repairs: Repairs };
}

export function coordinatorOf(core: CacheCore): Coordinator {
  return (core as unknown as Private).shared.coordinator;
}

export function journalOf(core: CacheCore): Journal {
  return (core as unknown as PrivateRepairs).shared.repairs.journal;
}

function silence(target: object, ...methods: string[]): void {
  for (const method of methods) {
    if (!(method in target)) throw new Error(`Nothing to switch off: ${method}.`);
    Object.defineProperty(target, method, { value: () => undefined });
  }
}

const SABOTAGES: Record<Sabotage, (core: CacheCore) => void> = {
  'no lease check': (core) => {
    const { entries, leases } = coordinatorOf(core);
    leases.fill = async (fills) => {
      await entries.set(fills, 60_000);
      return { stored: fills.map(() => true), error: undefined };
    };
  },
  'no fences': ({ invalidation: { fences } }) => {
    silence(fences, 'mark', 'markOlder');
  },
  'no detaching of loads': ({ loads }) => {
    silence(loads, 'detach', 'detachMatching', 'detachTagged', 'detachAll');
  },
  'no reconnect rule': (core) => {
    const { options } = coordinatorOf(core) as unknown as {
      options: { listener: CoordinatorListener };
    };
    silence(options.listener, 'onReset');
  },
  'no strict joining': (core) => {
    Object.defineProperty(core.trust, 'canJoinAnyLoad', { value: true });
  },
  'no news of absent keys': (core) => {
    const { receiver } = coordinatorOf(core) as unknown as {
      receiver: {
        receive: (message: { kind: string; key?: string }, isTracking: boolean) => void;
        options: { listener: CoordinatorListener };
      };
    };
    const receive = receiver.receive.bind(receiver);
    // The server reports these by itself if tracking is on and the entry existed.
    receiver.receive = (message, isTracking) => {
      if (message.kind !== 'delete') receive(message, isTracking);
      else receiver.options.listener.onLeaseEnd(message.key as string);
    };
  },
  'no waiting for what takes over': ({ writes }) => {
    const runBulk = writes.runBulk.bind(writes);
    writes.runBulk = (keys, operation) =>
      runBulk(keys, (turn) => {
        silence(turn, 'settled');
        return operation(turn);
      });
  },
  'no evictions while closed': ({ offTier }) => {
    offTier.run = () => Promise.resolve(undefined);
  },
  'no journal': (core) => {
    const journal = journalOf(core);
    silence(journal, 'ready');
    journal.isCurrent = () => true;
  },
  'no floor': (core) => {
    Object.defineProperty(coordinatorOf(core).history, 'raiseFloor', {
      value: () => Promise.resolve(),
    });
  },
  'no tag versions': (core) => {
    const { shared } = core as unknown as { shared: { tags: SharedTags } };
    shared.tags.areValid = () => Promise.resolve(true);
  },
};

/** Takes a protection from a cache. */
export function sabotage(core: CacheCore, what: Sabotage): void {
  SABOTAGES[what](core);
}
