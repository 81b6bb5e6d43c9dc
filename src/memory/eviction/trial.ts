import { MiniCache } from './mini-cache.js';
import { SampledKeys, type SampledAccess } from './sampled-keys.js';
import { FIRST_SETTING, SETTINGS } from './setting.js';

/** Maximum share of the keys to sample. */
const MAX_SAMPLE = 1 / 2;
const MIN_ENTRIES = 32;
const MAX_ENTRIES = 256;
/** Entries of the store for each of a mini cache. */
const ENTRIES_PER_ENTRY = 32;
/** Sampled accesses between two comparisons, for each entry of a mini cache; and at least. */
const ACCESSES_PER_ENTRY = 10;
const MIN_ACCESSES = 200;
/** Weight of earlier scores relative to the latest. */
const DECAY = 0.8;
/** Share of misses by which another setting must be better, summed over the scores that count. */
const HYSTERESIS = 0.01;
/**
 * A setting that is far better is chosen before the first comparison. From this share of the period on,
 * the costs are compared every `ACCESSES_PER_EARLY_LOOK` accesses, and the lead must exceed `EARLY_LEAD`
 * standard errors.
 */
const EARLY = 0.5;
const ACCESSES_PER_EARLY_LOOK = 16;
const EARLY_LEAD = 1.3;

/**
 * Tries all settings on a sample of the keys, and finds the one whose misses cost least.
 *
 * @internal
 */
export class Trial {
  /** Index of the best setting so far. */
  best = FIRST_SETTING;
  /** Accesses of the sample so far. */
  accesses = 0;
  /** Share of the keys that belong to the sample. */
  rate = 0;
  private readonly keys = new SampledKeys();
  private readonly minis: readonly MiniCache[];
  private readonly scores = SETTINGS.map(() => 0);
  private period = MIN_ACCESSES;
  /** The cost since the last comparison if all accesses had missed. */
  private cost = 0;
  /** The sum of the squares of these costs, until the first comparison. */
  private squaredCosts = 0;
  private hasCompared = false;

  constructor(hasSizes: boolean) {
    this.minis = SETTINGS.map((setting) => new MiniCache(this.keys, setting, hasSizes));
  }

  /**
   * Fits the sample to the store.
   *
   * @param entries - How many the store can hold.
   * @param size - The sum of their sizes.
   */
  fit(entries: number, size: number): void {
    const wanted = Math.floor(entries / ENTRIES_PER_ENTRY);
    const mini = Math.min(MAX_ENTRIES, Math.max(MIN_ENTRIES, wanted));
    this.rate = Math.min(MAX_SAMPLE, mini / entries);
    this.period = Math.max(MIN_ACCESSES, Math.round(ACCESSES_PER_ENTRY * this.rate * entries));
    for (const one of this.minis) one.capacity = this.rate * size;
  }

  access(to: SampledAccess): void {
    const key = this.keys.take(to.hash);
    for (const mini of this.minis) mini.access(key, to);
    this.keys.release(key);
    const cost = to.size * to.weight;
    this.cost += cost;
    if (++this.accesses % this.period === 0) this.compare();
    else if (!this.hasCompared) this.compareEarly(cost);
  }

  /** See {@link MiniCache.update}. */
  update(to: SampledAccess): void {
    const key = this.keys.take(to.hash);
    for (const mini of this.minis) mini.update(key, to);
    this.keys.release(key);
  }

  /** A key was invalidated. */
  forget(hash: number): void {
    const key = this.keys.find(hash);
    if (key === undefined) return;
    for (const mini of this.minis) mini.forget(key);
  }

  /** Everything was invalidated. */
  clear(): void {
    for (const key of this.keys.all()) for (const mini of this.minis) mini.forget(key);
  }

  private compareEarly(cost: number): void {
    this.squaredCosts += cost ** 2;
    if (this.accesses < EARLY * this.period || this.accesses % ACCESSES_PER_EARLY_LOOK > 0) return;
    const costs = this.minis.map(({ missed }) => missed.cost);
    const least = Math.min(...costs);
    const lead = (costs[this.best] as number) - least;
    if (lead > EARLY_LEAD * Math.sqrt(this.squaredCosts)) this.best = costs.indexOf(least);
  }

  private compare(): void {
    const { minis, scores } = this;
    for (const [i, mini] of minis.entries()) {
      scores[i] = DECAY * (scores[i] as number) + mini.missed.cost / this.cost;
      mini.missed.reset();
    }
    this.cost = 0;
    this.hasCompared = true;
    const least = Math.min(...scores);
    const lead = (scores[this.best] as number) - least;
    if (lead > HYSTERESIS) this.best = scores.indexOf(least);
  }
}
