import type { Glob } from '../../base/keys/glob.js';
import { LoneMap } from '../../base/async/lone-map.js';
import { sharedKey } from '../../base/keys/local-key.js';
import { TAGS_FROM_RESULT, type InFlightLoad } from './in-flight.js';

/**
 * The loads in progress, one per key (single flight). Its size is the number of keys that are being loaded.
 *
 * @internal
 */
export class LoadTable {
  private readonly loads = new LoneMap<InFlightLoad>();
  /** Hanging loads that have a successor, one per key. */
  private readonly replaced = new Map<string, InFlightLoad>();

  get(key: string): InFlightLoad | undefined {
    return this.loads.get(key);
  }

  /**
   * Adds a load. An earlier load of the key keeps its callers and gets no new ones.
   *
   * @param before - The result of {@link LoadTable.get} for the key, so that reads look it up once.
   */
  add(load: InFlightLoad, before: InFlightLoad | undefined): void {
    if (before?.isSettled === false && !this.replaced.has(load.key)) {
      this.replaced.set(load.key, before);
    }
    this.loads.set(load.key, load);
  }

  /** Removes this load, not one that has replaced it. */
  remove(load: InFlightLoad): void {
    const { replaced, loads } = this;
    if (replaced.size > 0 && replaced.get(load.key) === load) replaced.delete(load.key);
    if (loads.get(load.key) === load) loads.delete(load.key);
  }

  /** Prevents callers from joining the key's load: its value may predate an invalidation. */
  detach(key: string): void {
    this.loads.delete(key);
  }

  /** Whether a load of the key hangs and has a successor, so that a third one must not be started. */
  hasSuccessor(key: string, now: number, leaseMs: number): boolean {
    const hanging = this.replaced.get(key);
    if (hanging === undefined) return false;
    if (!hanging.isAbandoned(now, leaseMs)) return this.get(key) !== undefined;
    this.replaced.delete(key);
    return false;
  }

  detachMatching(glob: Glob): void {
    this.detachWhere((load) => glob.matches(sharedKey(load.key)));
  }

  detachTagged(tags: ReadonlySet<string>): void {
    this.detachWhere(
      (load) => load.tags === TAGS_FROM_RESULT || load.tags.some((tag) => tags.has(tag)),
    );
  }

  detachAll(): void {
    this.detachWhere(() => true);
  }

  get size(): number {
    return this.loads.size;
  }

  private detachWhere(isConcerned: (load: InFlightLoad) => boolean): void {
    for (const load of this.loads.values()) {
      if (isConcerned(load)) this.loads.delete(load.key);
    }
  }
}

/** Maximum number of keys; the oldest may be refreshed again somewhat too early. */
const MAX_REFRESHED_KEYS = 10_000;

/**
 * When a key may be refreshed again, for a cache without a memory tier, whose entries would hold that
 * time. Otherwise every hit near the end of a life would request the lease of the refresh under way.
 *
 * @internal
 */
export class RefreshTable {
  private readonly notBefore = new Map<string, number>();

  isDue(key: string, now: number): boolean {
    return now >= (this.notBefore.get(key) ?? -Infinity);
  }

  note(key: string, notBefore: number): void {
    this.notBefore.delete(key);
    this.notBefore.set(key, notBefore);
    if (this.notBefore.size <= MAX_REFRESHED_KEYS) return;
    this.notBefore.delete(this.notBefore.keys().next().value as string);
  }
}
