import type { Clock } from '../../base/time/clock.js';
import { LIMITS } from '../../base/options/defaults.js';

/**
 * The version of each invalidated tag on a logical clock. An entry with a reading of that clock is valid
 * while none of its tags has a later version. This also covers tags that are known only with the
 * result, and tags that were never invalidated cost nothing.
 *
 * @internal
 */
export class TagVersions {
  /** Versions by tag, in the order of their latest changes. */
  private readonly versions = new Map<string, number>();
  /** Stays at the front: a new iterator would skip all entries that were deleted there. */
  private oldest = this.versions.entries();

  /** @param floor - Values noted before it are invalid, with any tags. */
  constructor(private floor = 0) {}

  /** Records a version of tags, unless a later one is known. */
  record(tags: Iterable<string>, version: number): void {
    for (const tag of tags) {
      const known = this.versions.get(tag) ?? 0;
      // Deleted first, so that the map is in the order of the latest changes.
      this.versions.delete(tag);
      this.versions.set(tag, Math.max(known, version));
    }
    while (this.versions.size > LIMITS.tagTable) {
      const next = this.oldest.next();
      if (next.done === true) {
        this.oldest = this.versions.entries();
        continue;
      }
      const [oldest, itsVersion] = next.value;
      this.versions.delete(oldest);
      this.floor = Math.max(this.floor, itsVersion);
    }
  }

  /** Whether an entry with these tags, noted at that moment, is still valid. */
  isValid(tags: readonly string[], noted: number): boolean {
    if (tags.length === 0) return true;
    if (noted < this.floor) return false;
    return tags.every((tag) => (this.versions.get(tag) ?? 0) <= noted);
  }
}

/**
 * When this process invalidated each tag, on its own logical clock.
 *
 * A load reads the clock before it runs. The clock follows the machine's clock, with a floor at the start of
 * the process: older entries count as invalid, since it is not known whether their tags were invalidated
 * later.
 *
 * @internal
 */
export class TagTable {
  private current: number;
  private readonly versions: TagVersions;

  constructor(private readonly clock: Clock) {
    this.current = clock.now();
    this.versions = new TagVersions(this.current);
  }

  /** Returns the reading that a load must record before it begins. */
  note(): number {
    // Stored, so that an invalidation within the same millisecond is still later.
    this.current = Math.max(this.current, this.clock.now());
    return this.current;
  }

  invalidate(tags: Iterable<string>): void {
    this.current = this.note() + 1;
    this.versions.record(tags, this.current);
  }

  /** Whether an entry with these tags, noted at that time, is still valid. */
  isValid(tags: readonly string[], noted: number): boolean {
    return this.versions.isValid(tags, noted);
  }
}
