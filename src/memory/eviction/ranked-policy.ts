import { FrequencyHistory } from './frequency-history.js';
import { NONE } from './policy.js';
import type { Setting } from './setting.js';
import { SlotHeap } from './slot-heap.js';
import { SlotRing } from './slot-ring.js';
import { grown } from './typed-arrays.js';

// The marks of an entry, in one 16-bit number.
/** Its reads plus one, with those in the history; 63 at most, and halved as time passes. */
const FREQUENCY = 0b111111;
/** One more round in the window. */
const CHANCE = 0b01000000;
/** Rounds left in the window: one for each read, three at most. */
const CHANCES = 0b11000000;
/** Read since its priority was computed: its place in the heap is out of date. */
const TOUCHED = 1 << 8;
/** In the main region; otherwise in the window. */
const IN_MAIN = 1 << 9;
/** Its key belongs to the sample. */
const SAMPLED = 1 << 10;
/** Set for every entry, so that the marks of a slot in use are never 0. */
const HELD = 1 << 11;

/** Frequencies are halved once in as many accesses for each entry. */
const ACCESSES_PER_HALVING = 40;
/** Up to this many entries, all frequencies are halved at once, which decides better; above, step by step. */
const MAX_HALVED_AT_ONCE = 4096;
const ACCESSES_PER_STEP = 64;
const MAX_STEPS = 64;

/**
 * A window of new entries, and a main region that is ordered by priority: clock + frequency × weight.
 * The clock follows the priorities of evicted entries. To enter the main region, the oldest entry of the
 * window must exceed its lowest priority.
 *
 * After W-TinyLFU (Einziger, Friedman and Manes, ACM Transactions on Storage 2017) and GreedyDual-Size
 * with frequencies (Cao and Irani, USITS 1997; Cherkasova 1998). A hit only sets marks: the place in
 * the order is corrected when an entry comes up for eviction.
 *
 * @internal
 */
export class RankedPolicy {
  private readonly window = new SlotRing();
  private readonly main = new SlotHeap();
  private readonly history = new FrequencyHistory();
  /** By slot, as the following. */
  private marks = new Uint16Array(1);
  private hashes = new Int32Array(1);
  private weights = new Float32Array(1);
  /** Only where entries count by their bytes. */
  private sizes: Float64Array | undefined;
  private windowSize = 0;
  private mainSize = 0;
  private clock = 0;
  private entries = 0;
  /** The slot that was added last: it stays, since it has had no chance to be read. */
  private latest = NONE;
  /** Reads and new entries so far. */
  accesses = 0;
  /** Those that frequencies have been halved for. */
  private aged = 0;
  /** The slot from which halving continues. */
  private hand = 0;

  /** @param setting - May change at any time. */
  constructor(
    private readonly setting: Setting,
    hasSizes: boolean,
  ) {
    this.sizes = hasSizes ? new Float64Array(1) : undefined;
  }

  /** Entries held. */
  get count(): number {
    return this.entries;
  }

  /** Sum of their sizes. */
  get size(): number {
    return this.windowSize + this.mainSize;
  }

  add(slot: number, hash: number, size: number, weight: number, isSampled: boolean): void {
    if (slot >= this.marks.length) this.grow(slot);
    this.history.ensure(++this.entries);
    const frequency = Math.min(FREQUENCY, this.history.of(hash) + 1);
    this.marks[slot] = frequency | HELD | (isSampled ? SAMPLED : 0);
    this.hashes[slot] = hash;
    this.weights[slot] = weight;
    if (this.sizes !== undefined) this.sizes[slot] = size;
    this.window.append(slot);
    this.latest = slot;
    this.windowSize += size;
    this.accesses++;
    this.age();
  }

  /** Returns whether the entry is one of the sample. */
  hit(slot: number): boolean {
    const marks = this.marks[slot] as number;
    const frequency = marks & FREQUENCY;
    let next = marks | TOUCHED;
    if (frequency < FREQUENCY) next++;
    if ((marks & CHANCES) < CHANCES) next += CHANCE;
    this.marks[slot] = next;
    this.accesses++;
    return (marks & SAMPLED) !== 0;
  }

  holds(slot: number): boolean {
    return slot < this.marks.length && this.marks[slot] !== 0;
  }

  /** Whether an entry has been read so often that its reads are no longer counted. */
  isSaturated(slot: number): boolean {
    return ((this.marks[slot] as number) & FREQUENCY) === FREQUENCY;
  }

  hashOf(slot: number): number {
    return this.hashes[slot] as number;
  }

  weightOf(slot: number): number {
    return this.weights[slot] as number;
  }

  sizeOf(slot: number): number {
    return this.sizes === undefined ? 1 : (this.sizes[slot] as number);
  }

  /** Returns whether the entry was one of the sample. */
  remove(slot: number): boolean {
    const marks = this.marks[slot] as number;
    if ((marks & IN_MAIN) === 0) {
      this.window.remove(slot);
      this.windowSize -= this.sizeOf(slot);
    } else {
      this.main.remove(slot);
      this.mainSize -= this.sizeOf(slot);
    }
    this.history.raise(this.hashOf(slot), marks & FREQUENCY);
    this.marks[slot] = 0;
    this.entries--;
    return (marks & SAMPLED) !== 0;
  }

  /** As {@link EvictionPolicy.chooseVictim}; moves the clock, since the entry is evicted. */
  chooseVictim(): number {
    const slot = this.choose();
    const { ageing } = this.setting;
    if (slot !== NONE && ageing > 0) {
      const priority = this.isInMain(slot) ? this.main.priorityOf(slot) : this.priorityOf(slot);
      if (priority > this.clock) this.clock += ageing * (priority - this.clock);
    }
    return slot;
  }

  private choose(): number {
    // The store is full: its capacity is what it holds now, without the entry that came last.
    const windowTarget = this.setting.window * this.size;
    const mainTarget = this.size - windowTarget;
    // Until the main region is full, entries pass without a contest.
    while (this.windowSize > windowTarget) {
      const slot = this.oldestOfWindow();
      if (this.window.isNewest(slot) || this.mainSize + 2 * this.sizeOf(slot) > mainTarget) break;
      this.promote(slot);
    }
    const candidate = this.oldestOfWindow();
    if (this.main.size === 0) return candidate;
    const lowest = this.lowestOfMain();
    if (this.windowSize <= windowTarget || this.window.isNewest(candidate)) return lowest;
    const margin = this.setting.margin * (this.weights[candidate] as number);
    if (this.priorityOf(candidate) - margin <= this.main.priorityOf(lowest)) return candidate;
    this.promote(candidate);
    return lowest;
  }

  /**
   * The oldest entry of the window. Each read since an entry was added gives it another round first. It
   * is the latest entry only if that is alone.
   */
  private oldestOfWindow(): number {
    for (;;) {
      const slot = this.window.oldest;
      const marks = this.marks[slot] as number;
      const hasChance = (marks & CHANCES) !== 0;
      if ((!hasChance && slot !== this.latest) || this.window.isNewest(slot)) return slot;
      // One round for any number of reads is close to LRU, which full ageing stands for.
      if (this.setting.ageing === 1) this.marks[slot] = marks & ~CHANCES;
      else if (hasChance) this.marks[slot] = marks - CHANCE;
      this.window.moveToEnd(slot);
    }
  }

  private lowestOfMain(): number {
    for (;;) {
      const slot = this.main.top;
      const marks = this.marks[slot] as number;
      if ((marks & TOUCHED) === 0) return slot;
      this.marks[slot] = marks & ~TOUCHED;
      this.main.update(slot, this.priorityOf(slot));
    }
  }

  private promote(slot: number): void {
    const size = this.sizeOf(slot);
    this.window.remove(slot);
    this.windowSize -= size;
    this.marks[slot] = ((this.marks[slot] as number) & ~TOUCHED) | IN_MAIN;
    this.main.add(slot, this.priorityOf(slot));
    this.mainSize += size;
  }

  private isInMain(slot: number): boolean {
    return ((this.marks[slot] as number) & IN_MAIN) !== 0;
  }

  private priorityOf(slot: number): number {
    const frequency = (this.marks[slot] as number) & FREQUENCY;
    return this.clock + frequency * (this.weights[slot] as number);
  }

  private grow(slot: number): void {
    this.marks = grown(this.marks, slot);
    this.hashes = grown(this.hashes, slot);
    this.weights = grown(this.weights, slot);
    if (this.sizes !== undefined) this.sizes = grown(this.sizes, slot);
  }

  /** Halves a part of the frequencies, by the accesses since the last time. */
  private age(): void {
    const period = ACCESSES_PER_HALVING * this.entries;
    const isAtOnce = this.entries <= MAX_HALVED_AT_ONCE;
    // Hits halve nothing. After a long run of them one halving is due, not hundreds: they would leave
    // no difference between the entries.
    this.aged = Math.max(this.aged, this.accesses - period);
    const due = this.accesses - this.aged;
    if (due < (isAtOnce ? period : ACCESSES_PER_STEP)) return;
    // The rest follows with the next entries: no single one pays for a long run of hits.
    const accesses = Math.min(due, isAtOnce ? period : MAX_STEPS * ACCESSES_PER_STEP);
    this.aged += accesses;
    const share = accesses / period;
    this.history.age(share);
    const slots = this.marks.length;
    const end = this.hand + share * slots;
    for (let i = Math.floor(this.hand); i < Math.floor(end); i++) this.halve(i % slots);
    this.hand = end % slots;
  }

  private halve(slot: number): void {
    const marks = this.marks[slot] as number;
    const halved = (marks & ~FREQUENCY) | ((marks & FREQUENCY) >> 1);
    if ((marks & IN_MAIN) === 0 || this.setting.ageing === 1) {
      this.marks[slot] = halved;
      return;
    }
    // Its priority falls now, and not when it comes up: it would come up too late.
    this.marks[slot] = halved & ~TOUCHED;
    this.main.update(slot, this.priorityOf(slot));
  }
}
