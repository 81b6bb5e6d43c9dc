import type { Estimate } from './ghost-report.js';

/** How an entry of the sample fared until it expired. */
export interface PastLife {
  /** Of its value; `undefined` when it cannot be compared. */
  readonly digest: number | undefined;
  /** In ms, as are all times here. */
  readonly storedAt: number;
  readonly life: number;
  readonly hits: number;
}

/** Keys of which something is known, at most. */
const MAX_KEYS = 1024;
/** Comparisons below which nothing is estimated. */
const MIN_COMPARED = 30;
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
  /** The life of the entry that has expired, until the key is loaded again. */
  past: PastLife | undefined;
}

/** Of the lives with about as many hits: values that are read more often may change more often. */
interface HitClass extends Compared {
  /** From one load to the next, summed. */
  gaps: number;
  lives: number;
  hits: number;
}

/**
 * How often values change, by what the reloads of expired entries return: from it follows which share of
 * the hits would be out of date with longer lives. A change is taken to be as likely at any time, and
 * hits to be spread evenly. The rate of changes is estimated as by Cho and Garcia-Molina ("Estimating
 * frequency of change", ACM TOIT 2003), since several changes between two loads are seen as one.
 *
 * @internal
 */
export class ChangeRate {
  /** By hash, oldest first. */
  private readonly keys = new Map<number, Key>();
  /** By the binary logarithm of the hits. */
  private readonly classes = new Map<number, HitClass>();

  /** An entry of the sample has expired. */
  expired(hash: number, past: PastLife): void {
    const key = this.keys.get(hash);
    if (key !== undefined) {
      key.past = past;
      return;
    }
    this.keys.set(hash, { past, compared: 0, changed: 0 });
    if (this.keys.size <= MAX_KEYS) return;
    for (const oldest of this.keys.keys()) {
      this.keys.delete(oldest);
      return;
    }
  }

  /** Whether a value that is loaded now can be compared with an expired one. */
  awaits(hash: number): boolean {
    return this.keys.get(hash)?.past?.digest !== undefined;
  }

  /** A key has a new value. */
  reloaded(hash: number, digest: number | undefined, now: number): void {
    const key = this.keys.get(hash);
    if (key?.past === undefined) return;
    const { past } = key;
    key.past = undefined;
    if (past.digest === undefined || digest === undefined) return;
    const one = this.classOf(past.hits);
    for (const counts of [key, one]) {
      counts.compared++;
      if (digest !== past.digest) counts.changed++;
    }
    one.gaps += now - past.storedAt;
    one.lives += past.life;
    one.hits += past.hits;
  }

  /** A key was invalidated: its next value says nothing about the one that expired. */
  forget(hash: number): void {
    const key = this.keys.get(hash);
    if (key !== undefined) key.past = undefined;
  }

  /** Lets earlier reloads count half. */
  halve(): void {
    for (const counts of [...this.keys.values(), ...this.classes.values()]) {
      counts.compared /= 2;
      counts.changed /= 2;
    }
    for (const one of this.classes.values()) {
      one.gaps /= 2;
      one.lives /= 2;
      one.hits /= 2;
    }
  }

  /**
   * Of the hits with lives that are so many times as long, those that would be out of date; `undefined`
   * until enough values have been compared.
   */
  outOfDate(times: number): Estimate | undefined {
    const classes = [...this.classes.values()];
    const hits = sum(classes, ({ hits }) => hits);
    if (sum(classes, ({ compared }) => compared) < MIN_COMPARED || hits === 0) return undefined;
    const spread = this.spreadOfKeys();
    let share = 0;
    let deviation = 0;
    for (const one of classes) {
      const weight = one.hits / hits;
      const changed = one.changed / one.compared;
      const off = Math.sqrt(
        (spread * changed * (1 - changed) + 0.25 / one.compared) / one.compared,
      );
      share += weight * outOfDate(one, changed, times);
      const [low, high] = [changed - off, changed + off].map((p) => outOfDate(one, p, times));
      // Added up: the keys that change often are the same in all classes.
      deviation += (weight * ((high as number) - (low as number))) / 2;
    }
    const modelError = 4 * share * (1 - share) * MODEL_ERROR;
    return { percent: 100 * share, error: modelError + 100 * MARGIN * deviation };
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
   * By what factor the reloads of a few keys, some of which change more often, say less than as many
   * reloads of different keys would (the design effect of cluster samples).
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

/** The share of the hits of a class, if such a share of its reloads returned another value. */
function outOfDate(one: HitClass, changed: number, times: number): number {
  const { compared, gaps, lives } = one;
  const bounded = Math.min(1, Math.max(0, changed));
  const unchanged = (compared * (1 - bounded) + 0.5) / (compared + 0.5);
  const perMs = -Math.log(Math.min(1, unchanged)) / (gaps / compared);
  const changes = perMs * times * (lives / compared);
  return changes < 1e-6 ? 0 : 1 - (1 - Math.exp(-changes)) / changes;
}
