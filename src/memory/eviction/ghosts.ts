import { Ghost } from './ghost.js';
import type { GhostEstimate, GhostReport } from './ghost-report.js';
import { SampledKeys, type SampledAccess } from './sampled-keys.js';
import { BY_FREQUENCY, BY_RECENCY, type Setting } from './setting.js';

const SIZES = [0.5, 2, 4];
const LIVES = [2, 5, 10];
/** Bounds of the mini cache that has the size and lives of the store. */
const MIN_ENTRIES = 64;
const MAX_ENTRIES = 256;
/** Entries of the store for each entry of that mini cache, within its bounds. */
const ENTRIES_PER_ENTRY = 32;
const MAX_SAMPLE = 1 / 4;
/** Minimum entries of the mini cache for estimates of other sizes: half of fewer is too few. */
const MIN_ENTRIES_FOR_SIZES = 4;
/** Accesses after which misses with other lives are compared: those mini caches start empty. */
const FILLED = 5 * MIN_ENTRIES;
/** Percentage points by which mini caches were off in replays, beside the noise of the sample. */
const MODEL_ERROR = 1.5;
/** Standard errors of a margin of 95 %. */
const MARGIN = 2;
/** Sampled accesses, for each entry at most, after which earlier ones count half. */
const ACCESSES_PER_ENTRY = 500;

/** The part of a report that comes from mini caches. */
export type SampleStats = Omit<GhostReport, 'outOfDate'>;

/**
 * Mini caches of other sizes, and with other lives, under the setting of the store. An estimate is the
 * store's own miss rate, scaled by the misses of a mini cache relative to those of `baseline`, which has the
 * size and lives of the store.
 *
 * @internal
 */
export class Ghosts {
  /** Share of the keys that belong to the sample. */
  rate = 0;
  private readonly keys = new SampledKeys();
  private readonly baseline: Ghost;
  private readonly sizes: readonly Ghost[];
  private readonly lives: readonly Ghost[];
  private readonly all: readonly Ghost[];
  /** Of the mini cache with the size of the store. */
  private entries = 0;
  private accesses = 0;
  /** Accesses since an entry expired for the first time. */
  private lifeAccesses = 0;

  constructor(setting: Setting, hasSizes: boolean) {
    const ghost = (times: number, lives: number, ...others: Setting[]): Ghost =>
      new Ghost(this.keys, [setting, ...others], hasSizes, times, lives);
    this.baseline = ghost(1, 1);
    this.sizes = SIZES.map((times) => ghost(times, 1, BY_RECENCY));
    // With longer lives, frequencies say more than they do in the store.
    this.lives = LIVES.map((times) => ghost(1, times, BY_RECENCY, BY_FREQUENCY));
    this.all = [this.baseline, ...this.sizes, ...this.lives];
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
    this.entries = this.rate * entries;
    for (const ghost of this.all) ghost.capacity = this.rate * size;
  }

  /** Returns whether earlier accesses count half from now on. */
  access(to: SampledAccess): boolean {
    const key = this.keys.take(to.hash);
    this.baseline.access(key, to);
    for (const ghost of this.sizes) ghost.access(key, to);
    // Until an entry expires, longer lives change nothing.
    if (this.baseline.hasExpired) this.accessLives(key, to);
    this.keys.release(key);
    if (++this.accesses < ACCESSES_PER_ENTRY * MAX_ENTRIES) return false;
    this.accesses = 0;
    for (const ghost of this.all) ghost.halve();
    return true;
  }

  private accessLives(key: number, to: SampledAccess): void {
    for (const ghost of this.lives) ghost.access(key, to);
    // Counting starts over for all: these began empty.
    if (++this.lifeAccesses === FILLED) for (const ghost of this.all) ghost.reset();
  }

  /** See {@link MiniCache.update}. */
  update(to: SampledAccess): void {
    const key = this.keys.take(to.hash);
    this.baseline.update(key, to);
    for (const ghost of this.sizes) ghost.update(key, to);
    if (this.baseline.hasExpired) {
      for (const ghost of this.lives) ghost.update(key, to);
    }
    this.keys.release(key);
  }

  /** A key was invalidated. */
  forget(hash: number): void {
    const key = this.keys.find(hash);
    if (key === undefined) return;
    for (const ghost of this.all) ghost.forget(key);
  }

  /** Everything was invalidated. */
  clear(): void {
    for (const key of this.keys.all()) for (const ghost of this.all) ghost.forget(key);
  }

  /**
   * @param misses - Those among the reads of the store.
   * @param knowsCosts - Whether the weights of accesses come from costs that were measured.
   */
  report(reads: number, misses: number, knowsCosts = false): SampleStats {
    // Without a read, nothing is known.
    const missShare = reads === 0 ? 1 : misses / reads;
    const like = this.baseline.missed;
    const estimate = (times: number, { missed }: Ghost): GhostEstimate => {
      // One more on both sides: without any misses the estimate is the store's own.
      const ratio = (1 + missed.misses) / (1 + like.misses);
      // A larger store, or one with longer lives, has no fewer hits, and a smaller one no more. Mini caches
      // that need not find their setting first may say otherwise.
      const share =
        times < 1 ? Math.min(1, missShare * Math.max(1, ratio)) : missShare * Math.min(1, ratio);
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
      hitRate: 100 * (1 - missShare),
      sizes:
        this.entries < MIN_ENTRIES_FOR_SIZES
          ? []
          : SIZES.map((times, i) => estimate(times, this.sizes[i] as Ghost)),
      lives:
        this.lifeAccesses < FILLED
          ? []
          : LIVES.map((times, i) => estimate(times, this.lives[i] as Ghost)),
    };
  }
}
