import type { EntryLife } from '../entry.js';
import { ChangeRate, type SampledLife } from './change-rate.js';
import { CostScale } from './cost-scale.js';
import { digestOf } from './digest.js';
import type { GhostReport } from './ghost-report.js';
import { Ghosts } from './ghosts.js';
import type { EvictionPolicy } from './policy.js';
import { RankedPolicy } from './ranked-policy.js';
import type { SampledAccess } from './sampled-keys.js';
import { mixed, SeededHash } from './seeded-hash.js';
import { FIRST_SETTING, SETTINGS, type Setting } from './setting.js';
import { Trial } from './trial.js';

/** The window changes by at most this share of the store in one step. */
const SLIDE = 1 / 16;
/** Maximum number of missed keys that are kept until a caller writes them. */
const MAX_MISSED_KEYS = 1024;
/** Accesses of the sample from one step to the next. */
const ACCESSES_PER_SLIDE = 16;

/** The life of an entry of the sample in this store: its value may have been loaded earlier. */
interface StoredLife extends SampledLife {
  readonly storedAt: number;
}

/** The parts of a store that its policy reads. */
export interface PolicyStore {
  readonly maxItems: number;
  readonly maxBytes: number | undefined;
  /** In ms. */
  now(): number;
  /** The value of the entry in a slot. */
  valueAt(slot: number): unknown;
}

/**
 * A {@link RankedPolicy} that changes its setting as the accesses change: between one that keeps what
 * is read often and one that keeps what was read last.
 *
 * @internal
 */
export class AdaptivePolicy implements EvictionPolicy {
  /** The setting in use; its window changes in small steps. */
  private readonly setting: { -readonly [K in keyof Setting]: number } = {
    ...(SETTINGS[FIRST_SETTING] as Setting),
  };
  private readonly policy: RankedPolicy;
  private readonly trial: Trial;
  private readonly ghosts: Ghosts;
  private readonly costs = new CostScale();
  private readonly changes = new ChangeRate();
  /** Lives of the sampled entries, by slot. */
  private readonly lives = new Map<number, StoredLife>();
  private misses = 0;
  /** Keys of reads that found nothing, until a caller writes them. */
  private readonly missedKeys = new Set<string>();
  /** Accesses of the policy that do not count as reads any more, or never did. */
  private earlierReads = 0;
  /** Entries at which the sample is fitted again to their mean size. */
  private fitAt = 0;

  constructor(
    private readonly store: PolicyStore,
    private readonly hash = new SeededHash(),
  ) {
    const hasSizes = store.maxBytes !== undefined;
    this.policy = new RankedPolicy(this.setting, hasSizes);
    this.trial = new Trial(hasSizes);
    this.ghosts = new Ghosts(this.setting, hasSizes);
  }

  add(
    slot: number,
    key: string,
    size: number,
    life: EntryLife | number,
    cost: number | undefined,
    isUnread: boolean,
  ): void {
    const { policy } = this;
    // Also when fewer, larger entries fill the store, or it has been emptied.
    if (policy.count >= this.fitAt || 8 * policy.count < this.fitAt) this.fit(size);
    const hash = this.hash.of(key);
    const weight = this.costs.of(cost) / size;
    const isSampled = this.rankOf(hash) < Math.max(this.trial.rate, this.ghosts.rate);
    policy.add(slot, hash, size, weight, isSampled);
    const isRead = !isUnread || (this.missedKeys.size > 0 && this.missedKeys.delete(key));
    if (isRead) this.misses++;
    else this.earlierReads++;
    if (!isSampled) return;
    const sampled = this.sampledLife(life);
    this.lives.set(slot, sampled);
    this.changes.loaded(hash, sampled.createdAt, () => this.digestAt(slot));
    if (isRead) this.sampledAccess(slot, sampled);
    else this.sampledUpdate(slot, sampled);
  }

  hit(slot: number): void {
    if (!this.policy.hit(slot)) return;
    // Every entry of the sample has one.
    const life = this.lives.get(slot) as StoredLife;
    life.hits++;
    // The hits of a key that is very popular would only show that every cache has it.
    if (!this.policy.isSaturated(slot)) this.sampledAccess(slot, life);
  }

  missed(key: string): void {
    const { missedKeys } = this;
    missedKeys.add(key);
    if (missedKeys.size > MAX_MISSED_KEYS)
      missedKeys.delete(missedKeys.keys().next().value as string);
  }

  remove(slot: number, isInvalidated: boolean): void {
    if (!this.policy.remove(slot)) return;
    const hash = this.policy.hashOf(slot);
    const past = this.lives.get(slot) as StoredLife;
    this.lives.delete(slot);
    if (isInvalidated) this.removeHash(hash);
    else if (this.store.now() >= past.freshUntil) {
      this.changes.expired(hash, past, () => this.digestAt(slot));
    }
  }

  forget(key?: string): void {
    if (key === undefined) for (const part of [this.trial, this.ghosts, this.changes]) part.clear();
    else this.removeHash(this.hash.of(key));
  }

  chooseVictim(): number {
    return this.policy.chooseVictim();
  }

  estimates(): GhostReport {
    const { changes, costs, earlierReads, ghosts, misses, policy } = this;
    const report = ghosts.report(policy.accesses - earlierReads, misses, costs.isKnown);
    const lives = report.lives.map((one) => ({ ...one, outOfDate: changes.outOfDate(one.times) }));
    return { ...report, lives, outOfDate: changes.outOfDate(1) };
  }

  /** Where a key stands among all keys, from 0 to 1: the keys below a share are a sample of that size. */
  private rankOf(hash: number): number {
    return (mixed(hash) >>> 0) / 2 ** 32;
  }

  private removeHash(hash: number): void {
    this.trial.forget(hash);
    this.ghosts.forget(hash);
    this.changes.forget(hash);
  }

  private accessTo(slot: number, life: StoredLife): SampledAccess {
    const { policy } = this;
    return {
      hash: policy.hashOf(slot),
      size: policy.sizeOf(slot),
      weight: policy.weightOf(slot),
      life: life.freshUntil - life.storedAt,
      now: this.store.now(),
    };
  }

  private sampledUpdate(slot: number, life: StoredLife): void {
    const { ghosts, trial } = this;
    const access = this.accessTo(slot, life);
    const rank = this.rankOf(access.hash);
    if (rank < trial.rate) trial.update(access);
    if (rank < ghosts.rate) ghosts.update(access);
  }

  private sampledAccess(slot: number, life: StoredLife): void {
    const { ghosts, trial } = this;
    const access = this.accessTo(slot, life);
    const rank = this.rankOf(access.hash);
    // A sample may have become smaller since the entry was stored.
    if (rank < trial.rate) {
      trial.access(access);
      this.adapt();
    }
    if (rank < ghosts.rate && ghosts.access(access)) this.halveHistory();
  }

  private sampledLife(life: EntryLife | number): StoredLife {
    const storedAt = this.store.now();
    const times =
      typeof life === 'number' ? { createdAt: storedAt, freshUntil: storedAt + life } : life;
    return { storedAt, createdAt: times.createdAt, freshUntil: times.freshUntil, hits: 0 };
  }

  private digestAt(slot: number): number | undefined {
    return digestOf(this.store.valueAt(slot), this.hash);
  }

  /** Earlier reads count half, as with the ghosts. */
  private halveHistory(): void {
    this.misses /= 2;
    this.changes.halve();
    this.earlierReads += (this.policy.accesses - this.earlierReads) / 2;
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
    const { maxItems, maxBytes = Infinity } = this.store;
    const meanSize = count === 0 ? size : this.policy.size / count;
    const entries = Math.max(1, Math.min(maxItems, maxBytes / meanSize));
    this.trial.fit(entries, entries * meanSize);
    this.ghosts.fit(entries, entries * meanSize);
    this.fitAt = Math.max(1, 2 * count);
  }
}
