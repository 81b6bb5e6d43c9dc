import type { GhostReport } from './ghost-report.js';

/** The life of an entry of the sample. */
export interface SampledLife {
  /** When the value was loaded, in ms, as are all times here. */
  readonly createdAt: number;
  readonly freshUntil: number;
  hits: number;
}

/** Returns the digest of a value; `undefined` for values that cannot be compared. */
type DigestOf = () => number | undefined;

/** Maximum number of tracked keys. */
const MAX_KEYS = 1024;
/** Comparisons, and keys compared, below which nothing is estimated. */
const MIN_COMPARED = 30;
const MIN_KEYS = 10;
/** Number of comparisons below which a class is removed. */
const MIN_WEIGHT = 0.01;
/** Standard errors of a margin of 95 %. */
const MARGIN = 2;
/** Percentage points by which shares of a half were off in simulations where some keys change more often. */
const MODEL_ERROR = 5;

/** Loads that replaced an expired value, and how many of them returned another one. */
interface Compared {
  compared: number;
  changed: number;
}

interface Key extends Compared {
  /** Of the entry that has expired, until the key is loaded again. */
  past: (SampledLife & { readonly digest: number }) | undefined;
  /** Whether its values can be compared; large ones are not looked at again. */
  isComparable: boolean;
}

/** Of the lives with about as many hits: values that are read more often may change more often. */
interface HitClass extends Compared {
  /** From one load to the next, summed. */
  gaps: number;
  lives: number;
  hits: number;
}

/**
 * Estimates how often values change, from what the reloads of expired entries return, and derives the
 * share of hits that would be out of date with longer lives. Changes are assumed to be equally likely at
 * any time, and hits to be spread evenly; the margin also allows for changes at regular intervals. The
 * rate is estimated as by Cho and Garcia-Molina ("Estimating frequency of change", ACM TOIT 2003), since
 * several changes between two loads are seen as one.
 *
 * @internal
 */
export class ChangeRate {
  /** By hash, oldest first. */
  private readonly keys = new Map<number, Key>();
  /** By the binary logarithm of the hits. */
  private readonly classes = new Map<number, HitClass>();

  /** An entry of the sample has expired. */
  expired(hash: number, life: SampledLife, digestOf: DigestOf): void {
    const key = this.keyOf(hash);
    const digest = key.isComparable ? digestOf() : undefined;
    key.isComparable = digest !== undefined;
    key.past = digest === undefined ? undefined : { ...life, digest };
  }

  /** A key has a new value. */
  loaded(hash: number, createdAt: number, digestOf: DigestOf): void {
    const key = this.keys.get(hash);
    if (key?.past === undefined) return;
    const { past } = key;
    key.past = undefined;
    // The same load, as another tier kept it.
    if (createdAt <= past.createdAt) return;
    const digest = digestOf();
    key.isComparable = digest !== undefined;
    if (digest === undefined) return;
    const one = this.classOf(past.hits);
    for (const counts of [key, one]) {
      counts.compared++;
      if (digest !== past.digest) counts.changed++;
    }
    one.gaps += createdAt - past.createdAt;
    one.lives += past.freshUntil - past.createdAt;
    one.hits += past.hits;
  }

  /** A key was invalidated: its next value says nothing about the one that expired. */
  forget(hash: number): void {
    const key = this.keys.get(hash);
    if (key !== undefined) key.past = undefined;
  }

  /** Everything was invalidated. */
  clear(): void {
    for (const key of this.keys.values()) key.past = undefined;
  }

  /** Lets earlier reloads count half. */
  halve(): void {
    for (const counts of [...this.keys.values(), ...this.classes.values()]) {
      counts.compared /= 2;
      counts.changed /= 2;
    }
    for (const [hitClass, one] of this.classes) {
      one.gaps /= 2;
      one.lives /= 2;
      one.hits /= 2;
      // A class that no longer occurs would be halved to nothing, and its share be 0 / 0.
      if (one.compared < MIN_WEIGHT) this.classes.delete(hitClass);
    }
  }

  /**
   * Share of the hits that would be out of date if lives were `times` times as long; `undefined`
   * until enough values have been compared.
   */
  outOfDate(times: number): GhostReport['outOfDate'] {
    const classes = [...this.classes.values()];
    const hits = sum(classes, ({ hits }) => hits);
    const compared = [...this.keys.values()].filter((key) => key.compared > 0).length;
    const isEnough = sum(classes, (one) => one.compared) >= MIN_COMPARED && compared >= MIN_KEYS;
    if (!isEnough || hits === 0) return undefined;
    const spread = this.spreadOfKeys();
    let share = 0;
    let deviation = 0;
    let atIntervals = 0;
    for (const one of classes) {
      const weight = one.hits / hits;
      const changed = one.changed / one.compared;
      const off = Math.sqrt(
        (spread * changed * (1 - changed) + 0.25 / one.compared) / one.compared,
      );
      share += weight * outOfDate(one, changed, times);
      atIntervals += weight * outOfDateAtIntervals(one, changed, times);
      const [low, high] = [changed - off, changed + off].map((p) => outOfDate(one, p, times));
      // Added up: the keys that change often are the same in all classes.
      deviation += (weight * ((high as number) - (low as number))) / 2;
    }
    const modelError = 4 * share * (1 - share) * MODEL_ERROR + 100 * Math.abs(share - atIntervals);
    const error = modelError + 100 * MARGIN * deviation;
    return { percent: 100 * share, error: Math.min(100, error) };
  }

  private keyOf(hash: number): Key {
    let key = this.keys.get(hash);
    if (key !== undefined) return key;
    key = { past: undefined, isComparable: true, compared: 0, changed: 0 };
    this.keys.set(hash, key);
    if (this.keys.size > MAX_KEYS) this.keys.delete(this.keys.keys().next().value as number);
    return key;
  }

  private classOf(hits: number): HitClass {
    const number = Math.floor(Math.log2(hits + 1));
    let one = this.classes.get(number);
    if (one === undefined) {
      one = { compared: 0, changed: 0, gaps: 0, lives: 0, hits: 0 };
      this.classes.set(number, one);
    }
    return one;
  }

  /**
   * The design effect of cluster samples: how much less information the reloads of a few keys carry than as
   * many reloads of different keys.
   */
  private spreadOfKeys(): number {
    const keys = [...this.keys.values()];
    const compared = sum(keys, (key) => key.compared);
    const share = sum(keys, ({ changed }) => changed) / compared;
    if (!(share > 0 && share < 1)) return 1;
    const squares = sum(keys, (key) => (key.changed - share * key.compared) ** 2);
    return Math.max(1, squares / (compared * share * (1 - share)));
  }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/**
 * How many hits of a class are out of date, as a share of all.
 *
 * @param changed - The share of its reloads that found a new value.
 */
function outOfDate(one: HitClass, changed: number, times: number): number {
  const { compared, gaps, lives } = one;
  const bounded = Math.min(1, Math.max(0, changed));
  const unchanged = (compared * (1 - bounded) + 0.5) / (compared + 0.5);
  const perMs = -Math.log(Math.min(1, unchanged)) / (gaps / compared);
  const changes = perMs * times * (lives / compared);
  return changes < 1e-6 ? 0 : 1 - (1 - Math.exp(-changes)) / changes;
}

/** The same if values change at regular intervals. Once nearly all of them change, the two differ widely. */
function outOfDateAtIntervals(one: HitClass, changed: number, times: number): number {
  const changes = (changed * times * one.lives) / one.gaps;
  return changes < 1 ? changes / 2 : 1 - 1 / (2 * changes);
}
