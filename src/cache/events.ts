import { checkValue, isFunction, isOneOf } from '../base/options/options.js';
import { inSharedContext } from '../base/async/shared-context.js';
import { warnOnce } from '../base/errors/warn.js';
import type { EvictReason } from '../memory/entry.js';
import { countHit, type CacheCounters } from '../stats/counters.js';
import type { MethodCounters } from '../stats/method-counters.js';

/**
 * The events of a cache. Keys are those below the cache's namespace. Listeners run in the
 * `AsyncLocalStorage` context of the call that caused the event, except those of `evict`, `degraded`
 * and `recovered`, which run outside of every request.
 */
export interface CacheEvents {
  /** A read found a fresh value. */
  hit: { readonly key: string; readonly tier: 'memory' | 'shared' };
  /** A read found nothing fresh. */
  miss: { readonly key: string };
  /** A value was set by a call, not by a load. */
  set: { readonly key: string };
  /** A key was deleted by a call. */
  delete: { readonly key: string };
  /** The memory tier removed an entry to make room, or because it expired. */
  evict: { readonly key: string; readonly reason: EvictReason };
  /** A load succeeded. */
  load: { readonly key: string; readonly durationMs: number };
  /** A load failed; its callers got the error, or a stale value. */
  loadError: { readonly key: string; readonly error: unknown; readonly durationMs: number };
  /** An expired value was served: the load failed, took too long, or runs in another process (`lease`). */
  stale: { readonly key: string; readonly reason: 'error' | 'timeout' | 'lease' };
  /** A hit shortly before expiry started a background refresh. */
  refresh: { readonly key: string };
  /** Keys were removed by pattern or tag. */
  invalidate: { readonly pattern?: string; readonly tags?: readonly string[] };
  /** The shared tier is unavailable, so that only the memory tier is used. */
  degraded: Readonly<Record<never, never>>;
  /** The shared tier is available again; entries invalidated meanwhile have been removed from it. */
  recovered: Readonly<Record<never, never>>;
  /** A failure that no caller sees: of the shared tier, of serialization, or of an option's function. */
  error: { readonly error: unknown };
}

const isEvent = isOneOf(
  ...['hit', 'miss', 'set', 'delete', 'evict', 'load', 'loadError', 'stale', 'refresh'],
  ...(['invalidate', 'degraded', 'recovered', 'error'] satisfies (keyof CacheEvents)[]),
);

/**
 * Refuses an event that never occurs, and a listener that cannot be called.
 *
 * @throws ConfigurationError.
 * @internal
 */
export function checkListener(owner: 'on' | 'off', event: unknown, listener: unknown): void {
  checkValue(`${owner}: event`, event, isEvent);
  checkValue(`${owner}: listener`, listener, isFunction);
}

/** Receives the payload of one event. */
export type CacheListener<E extends keyof CacheEvents> = (payload: CacheEvents[E]) => void;

type AnyListener = (payload: never) => void;

/** Events that are unrelated to the request during which they occur. */
const HOUSEKEEPING: ReadonlySet<keyof CacheEvents> = new Set(['evict', 'degraded', 'recovered']);

/**
 * Listeners by event. Unlike Node's emitter, it allocates nothing for an event without listeners, and keeps
 * the errors of listeners from the code that caused the event.
 *
 * @internal
 */
export class EventHub {
  private readonly listeners = new Map<keyof CacheEvents, Set<AnyListener>>();

  constructor(private readonly onChange: () => void) {}

  on<E extends keyof CacheEvents>(event: E, listener: CacheListener<E>): void {
    const known = this.listeners.get(event);
    if (known === undefined) this.listeners.set(event, new Set([listener]));
    else known.add(listener);
    this.onChange();
  }

  off<E extends keyof CacheEvents>(event: E, listener: CacheListener<E>): void {
    const known = this.listeners.get(event);
    known?.delete(listener);
    if (known?.size === 0) this.listeners.delete(event);
    this.onChange();
  }

  /** Whether an event has listeners: check it before creating a payload. */
  hasListeners(event: keyof CacheEvents): boolean {
    return this.listeners.has(event);
  }

  emit<E extends keyof CacheEvents>(event: E, payload: CacheEvents[E]): void {
    const listeners = this.listeners.get(event);
    if (listeners === undefined) return;
    if (HOUSEKEEPING.has(event)) inSharedContext(() => this.call(event, payload, listeners));
    else this.call(event, payload, listeners);
  }

  private call<E extends keyof CacheEvents>(
    event: E,
    payload: CacheEvents[E],
    listeners: ReadonlySet<AnyListener>,
  ): void {
    for (const listener of [...listeners]) {
      try {
        (listener as CacheListener<E>)(payload);
      } catch (error) {
        warnOnce('AURORA_LISTENER', event, `A listener of '${event}' failed: ${String(error)}`);
      }
    }
  }

  /** Drops all listeners but those of `error`: a closed cache may still fail to invalidate. */
  clear(): void {
    for (const event of this.listeners.keys()) if (event !== 'error') this.listeners.delete(event);
    this.onChange();
  }
}

/** Counts reads and receives their events. */
interface Audience {
  readonly counters: CacheCounters;
  readonly events: EventHub;
}

/** A read of a key. */
interface Read {
  readonly key: string;
  /** Counters of the method that reads; absent for other reads. */
  readonly methodCounters?: MethodCounters | undefined;
}

/**
 * Counts a hit and reports it to listeners.
 *
 * @internal
 */
export function reportHit(
  { counters, events }: Audience,
  { key, methodCounters }: Read,
  tier: 'memory' | 'shared',
): void {
  countHit(counters, methodCounters, tier);
  if (events.hasListeners('hit')) events.emit('hit', { key, tier });
}

/**
 * Counts a miss and reports it to listeners.
 *
 * @internal
 */
export function reportMiss({ counters, events }: Audience, { key, methodCounters }: Read): void {
  counters.misses++;
  if (methodCounters !== undefined) methodCounters.misses++;
  if (events.hasListeners('miss')) events.emit('miss', { key });
}
