import type { Clock } from '../base/clock.js';
import { LIMITS } from '../base/defaults.js';

/**
 * When each tag was last invalidated, on a logical clock.
 *
 * A load notes the clock before it runs. Its result is valid while none of its tags carries a later
 * version, so that tags that become known only with the result are covered as well, and tags that
 * were never invalidated cost nothing. The clock follows the machine's, and starts with a floor at
 * the present: an entry of an earlier life, whose invalidations are forgotten, is invalid rather
 * than valid.
 *
 * @internal
 */
export class TagTable {
  private current: number;
  /** Entries noted before it are invalid, whatever their tags. */
  private floor: number;
  private readonly versions = new Map<string, number>();

  constructor(private readonly clock: Clock) {
    this.current = clock.now();
    this.floor = this.current;
  }

  /** The clock, as a load should note it before it begins. */
  note(): number {
    // Stored, so that an invalidation within the same millisecond is still later.
    this.current = Math.max(this.current, this.clock.now());
    return this.current;
  }

  invalidate(tags: Iterable<string>): void {
    const version = this.note() + 1;
    this.current = version;
    for (const tag of tags) {
      // Set anew, so that the map's order is that of the versions.
      this.versions.delete(tag);
      this.versions.set(tag, version);
    }
    while (this.versions.size > LIMITS.tagTable) {
      const [oldest, itsVersion] = this.versions.entries().next().value as [string, number];
      this.versions.delete(oldest);
      this.floor = Math.max(this.floor, itsVersion);
    }
  }

  /** Whether an entry with these tags, noted at that time, is still good. */
  isValid(tags: readonly string[], noted: number): boolean {
    if (tags.length === 0) return true;
    if (noted < this.floor) return false;
    return tags.every((tag) => (this.versions.get(tag) ?? 0) <= noted);
  }
}
