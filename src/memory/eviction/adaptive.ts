import { CostScale } from './cost-scale.js';
import type { EvictionPolicy } from './policy.js';
import { RankedPolicy } from './ranked-policy.js';
import { mixed, SeededHash } from './seeded-hash.js';
import { FIRST_SETTING, SETTINGS, type Setting } from './setting.js';
import { Trial } from './trial.js';

/** The window moves by such a share of the store, once in as many accesses of the sample. */
const SLIDE = 1 / 16;
const ACCESSES_PER_SLIDE = 16;

/** The bounds of a store, and its clock. */
export interface StoreBounds {
  readonly maxItems: number;
  readonly maxBytes: number | undefined;
  /** In ms. */
  now(): number;
}

/**
 * A {@link RankedPolicy} that changes its setting as the accesses change: between one that keeps what
 * is read often and one that keeps what was read last.
 *
 * @internal
 */
export class AdaptivePolicy implements EvictionPolicy {
  /** The one in use: its window moves slowly. */
  private readonly setting: { -readonly [K in keyof Setting]: number } = {
    ...(SETTINGS[FIRST_SETTING] as Setting),
  };
  private readonly policy: RankedPolicy;
  private readonly trial: Trial;
  private readonly costs = new CostScale();
  /** How long the entries of the sample live, by slot. */
  private readonly lives = new Map<number, number>();
  /** Entries at which the sample is fitted again to their mean size. */
  private fitAt = 0;

  constructor(
    private readonly bounds: StoreBounds,
    private readonly hash = new SeededHash(),
  ) {
    const hasSizes = bounds.maxBytes !== undefined;
    this.policy = new RankedPolicy(this.setting, hasSizes);
    this.trial = new Trial(hasSizes);
  }

  add(slot: number, key: string, size: number, life: number, cost: number | undefined): void {
    const { policy } = this;
    if (policy.count >= this.fitAt) this.fit(size);
    const hash = this.hash.of(key);
    const weight = this.costs.of(cost) / size;
    const isSampled = this.includes(hash);
    policy.add(slot, hash, size, weight, isSampled);
    if (!isSampled) return;
    this.lives.set(slot, life);
    this.access(slot, hash);
  }

  hit(slot: number): void {
    if (this.policy.hit(slot)) this.sampledHit(slot);
  }

  remove(slot: number): void {
    if (this.policy.remove(slot)) this.lives.delete(slot);
  }

  victim(): number {
    return this.policy.victim();
  }

  private includes(hash: number): boolean {
    return mixed(hash) >>> 0 < this.trial.rate * 2 ** 32;
  }

  private sampledHit(slot: number): void {
    const hash = this.policy.hashOf(slot);
    // The sample may have become smaller since the entry was stored.
    if (this.includes(hash)) this.access(slot, hash);
  }

  private access(slot: number, hash: number): void {
    const { policy, trial } = this;
    trial.access({
      hash,
      size: policy.sizeOf(slot),
      weight: policy.weightOf(slot),
      life: this.lives.get(slot) ?? Infinity,
      now: this.bounds.now(),
    });
    this.adapt();
  }

  private adapt(): void {
    const { setting, trial } = this;
    const best = SETTINGS[trial.best] as Setting;
    setting.margin = best.margin;
    setting.ageing = best.ageing;
    if (trial.accesses % ACCESSES_PER_SLIDE > 0) return;
    const distance = best.window - setting.window;
    setting.window += Math.max(-SLIDE, Math.min(SLIDE, distance));
  }

  /** @param size - Of the next entry, in case it is the first. */
  private fit(size: number): void {
    const { count } = this.policy;
    const { maxItems, maxBytes = Infinity } = this.bounds;
    const meanSize = count === 0 ? size : this.policy.size / count;
    const entries = Math.max(1, Math.min(maxItems, maxBytes / meanSize));
    this.trial.fit(entries, entries * meanSize);
    this.fitAt = Math.max(1, 2 * count);
  }
}
