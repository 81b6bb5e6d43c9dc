import { Ghost } from './ghost.js';
import type { GhostEstimate, GhostReport } from './ghost-report.js';
import { MiniCache } from './mini-cache.js';
import { MissCount } from './miss-count.js';
import { SampledKeys, type SampledAccess } from './sampled-keys.js';
import type { Setting } from './setting.js';

const SIZES = [0.5, 2, 4];
const LIVES = [2, 5, 10];
/** Bounds of the mini cache that has the size and lives of the store. */
const MIN_ENTRIES = 64;
const MAX_ENTRIES = 256;
/** Entries of the store for each entry of that mini cache, within its bounds. */
const ENTRIES_PER_ENTRY = 32;
const MAX_SAMPLE = 1 / 4;
/** Accesses until the mini caches with other lives count, which start empty: five for each entry at least. */
const FILLED = 5 * MIN_ENTRIES;
/** Percentage points by which mini caches were off in replays, beside the noise of the sample. */
const MODEL_ERROR = 1.5;
/** Standard errors of a margin of 95 %. */
const MARGIN = 2;
/** Sampled accesses, for each entry at most, after which earlier ones count half. */
const ACCESSES_PER_ENTRY = 500;

/** The part of a report that comes from mini caches. */
export interface SampleReport extends Pick<GhostReport, 'reads' | 'hitRate' | 'sizes'> {
  readonly lives: readonly GhostEstimate[];
}

/**
 * Mini caches of other sizes, and with other lives, under the setting of the store. An estimate is the
 * store's own miss rate, scaled by the misses of a mini cache relative to those of `like`, which has the
 * size and lives of the store.
 *
 * @internal
 */
export class Ghosts {
  /** Share of the keys that belong to the sample. */
  rate = 0;
  private readonly keys = new SampledKeys();
  private readonly like: MiniCache;
  private readonly sizes: readonly Ghost[];
  private readonly lives: readonly Ghost[];
  private readonly all: readonly (MiniCache | Ghost)[];
  private accesses = 0;
  /** Accesses since an entry expired for the first time. */
  private lifeAccesses = 0;
  /** Misses of `like` since the mini caches with other lives count. */
  private readonly missedSince = new MissCount();

  constructor(setting: Setting, hasSizes: boolean) {
    this.like = new MiniCache(this.keys, setting, hasSizes);
    this.sizes = SIZES.map((times) => new Ghost(this.keys, setting, hasSizes, times, 1));
    this.lives = LIVES.map((times) => new Ghost(this.keys, setting, hasSizes, 1, times));
    this.all = [this.like, ...this.sizes, ...this.lives];
  }

  /**
   * Fits the sample to the store.
   *
   * @param entries - How many the store can hold.
   * @param size - The sum of their sizes.
   */
  fit(entries: number, size: number): void {
    const mini = Math.min(MAX_ENTRIES, Math.max(MIN_ENTRIES, entries / ENTRIES_PER_ENTRY));
    this.rate = Math.min(MAX_SAMPLE, mini / entries);
    for (const mini of this.all) mini.capacity = this.rate * size;
  }

  /** Returns whether earlier accesses count half from now on. */
  access(to: SampledAccess): boolean {
    const key = this.keys.take(to.hash);
    const isHit = this.like.access(key, to);
    for (const mini of this.sizes) mini.access(key, to);
    // Until an entry expires, longer lives change nothing.
    if (this.like.expirations > 0) this.accessLives(key, to, isHit);
    this.keys.release(key);
    if (++this.accesses < ACCESSES_PER_ENTRY * MAX_ENTRIES) return false;
    this.accesses = 0;
    const counts = [this.like.missed, this.missedSince, ...this.sizes, ...this.lives];
    for (const count of counts) count.halve();
    return true;
  }

  private accessLives(key: number, to: SampledAccess, isHit: boolean): void {
    for (const ghost of this.lives) ghost.access(key, to);
    if (!isHit) this.missedSince.add(to.hash, to.weight * to.size);
    if (++this.lifeAccesses !== FILLED) return;
    for (const count of [this.missedSince, ...this.lives]) count.reset();
  }

  /** See {@link MiniCache.update}. */
  update(to: SampledAccess): void {
    const key = this.keys.take(to.hash);
    this.like.update(key, to);
    for (const mini of this.sizes) mini.update(key, to);
    if (this.like.expirations > 0) {
      for (const ghost of this.lives) ghost.update(key, to);
    }
    this.keys.release(key);
  }

  /** A key was invalidated. */
  forget(hash: number): void {
    const key = this.keys.find(hash);
    if (key === undefined) return;
    for (const mini of this.all) mini.forget(key);
  }

  /**
   * @param misses - Those among the reads of the store.
   * @param knowsCosts - Whether the weights of accesses come from costs that were measured.
   */
  report(reads: number, misses: number, knowsCosts = false): SampleReport {
    const missShare = reads === 0 ? 0 : misses / reads;
    const estimate = (times: number, { missed }: Ghost, like: MissCount): GhostEstimate => {
      // One more on both sides: without any misses the estimate is the store's own.
      const ratio = (1 + missed.misses) / (1 + like.misses);
      const share = Math.min(1, missShare * ratio);
      const perMiss = missShare / (1 + like.misses);
      const difference = Math.abs(missed.misses - like.misses);
      const noise = Math.max(missed.errorFrom(like, ratio), Math.sqrt(1 + difference));
      return {
        times,
        hitRate: 100 * (1 - share),
        error: Math.min(100, Math.hypot(MODEL_ERROR, 100 * perMiss * MARGIN * noise)),
        timeSavedMs: knowsCosts ? reads * perMiss * (like.cost - missed.cost) : undefined,
      };
    };
    return {
      reads,
      hitRate: reads === 0 ? 0 : 100 * (1 - missShare),
      sizes: SIZES.map((times, i) => estimate(times, this.sizes[i] as Ghost, this.like.missed)),
      lives:
        this.lifeAccesses < FILLED
          ? []
          : LIVES.map((times, i) => estimate(times, this.lives[i] as Ghost, this.missedSince)),
    };
  }
}
