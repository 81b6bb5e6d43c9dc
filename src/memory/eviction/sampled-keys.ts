import { grown } from './typed-arrays.js';

/** An access to a key of the sample. */
export interface SampledAccess {
  readonly hash: number;
  readonly size: number;
  readonly weight: number;
  /** Milliseconds that an entry of the key stays fresh. */
  readonly life: number;
  /** In ms, on any clock. */
  readonly now: number;
}

/**
 * Numbers from 1 for the keys that are in one of several mini caches, so that each access looks its
 * key up once.
 *
 * @internal
 */
export class SampledKeys {
  private readonly numbers = new Map<number, number>();
  private readonly free: number[] = [];
  /** By number, as the following. */
  private hashes = new Int32Array(1);
  private holders = new Uint8Array(1);
  private last = 0;

  /** The number of a key, by its hash; to be released. */
  take(hash: number): number {
    let key = this.numbers.get(hash);
    if (key === undefined) {
      key = this.free.pop() ?? ++this.last;
      if (key >= this.hashes.length) {
        this.hashes = grown(this.hashes, key);
        this.holders = grown(this.holders, key);
      }
      this.numbers.set(hash, key);
      this.hashes[key] = hash;
    }
    this.hold(key);
    return key;
  }

  /** The number of a key that has one. */
  find(hash: number): number | undefined {
    return this.numbers.get(hash);
  }

  /** The numbers in use. */
  all(): number[] {
    return [...this.numbers.values()];
  }

  hold(key: number): void {
    this.holders[key] = (this.holders[key] as number) + 1;
  }

  release(key: number): void {
    const left = (this.holders[key] as number) - 1;
    this.holders[key] = left;
    if (left > 0) return;
    this.numbers.delete(this.hashes[key] as number);
    this.free.push(key);
  }
}
