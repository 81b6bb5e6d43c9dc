import { Ghost } from './ghost.js';
import type { GhostEstimate, GhostReport } from './ghost-report.js';
import { MiniCache } from './mini-cache.js';
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
/** Accesses, for each entry at least, until the mini caches with other lives count: they start empty. */
const FILLING = 5;
/** Percentage points by which mini caches were off in replays, beside the noise of the sample. */
const MODEL_ERROR = 1.5;
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
  private size = 0;
  private share = 1;
  private accesses = 0;
  /** Accesses since an entry expired for the first time. */
  private lifeAccesses = 0;

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
    this.size = size;
    this.setShare(this.rate);
  }

  /**
   * Corrects the mini caches for the luck of the draw: a sample of one key in 20 may have drawn one in 18
   * of the keys that matter.
   *
   * @param share - Of the store's entries, those that belong to the sample.
   */
  setShare(share: number): void {
    this.share = share;
    for (const mini of this.all) mini.capacity = share * this.size;
  }

  /** Returns whether earlier accesses count half from now on. */
  access(to: SampledAccess): boolean {
    const key = this.keys.take(to.hash);
    this.like.access(key, to);
    for (const mini of this.sizes) mini.access(key, to);
    // Until an entry expires, longer lives change nothing.
    if (this.like.expirations > 0) this.accessLives(key, to);
    this.keys.release(key);
    if (++this.accesses < ACCESSES_PER_ENTRY * MAX_ENTRIES) return false;
    this.accesses = 0;
    this.like.halve();
    for (const ghost of [...this.sizes, ...this.lives]) ghost.halve();
    return true;
  }

  private accessLives(key: number, to: SampledAccess): void {
    const isFilling = ++this.lifeAccesses < FILLING * MIN_ENTRIES;
    for (const ghost of this.lives) {
      ghost.access(key, to);
      if (isFilling) ghost.follow(this.like);
    }
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
    const estimate = (times: number, { best }: Ghost): GhostEstimate => {
      const more = best.misses - this.like.misses;
      // The ratio of misses is off where a store that is smaller misses most keys; the difference is
      // off where a larger one misses hardly any.
      const perMiss =
        more > 0 ? 1 / (reads * this.share) : missShare / Math.max(1, this.like.misses);
      const share = Math.min(1, Math.max(0, missShare + perMiss * more));
      const error = MODEL_ERROR + 200 * perMiss * Math.sqrt(1 + Math.abs(more));
      const moreCost = best.missedCost - this.like.missedCost;
      return {
        times,
        hitRate: 100 * (1 - share),
        error: Math.min(100, error),
        timeSavedMs: knowsCosts ? -reads * perMiss * moreCost : undefined,
      };
    };
    return {
      reads,
      hitRate: reads === 0 ? 0 : 100 * (1 - missShare),
      sizes: SIZES.map((times, i) => estimate(times, this.sizes[i] as Ghost)),
      lives:
        this.lifeAccesses === 0
          ? []
          : LIVES.map((times, i) => estimate(times, this.lives[i] as Ghost)),
    };
  }
}
