import type { Clock } from '../base/clock.js';
import { TagVersions } from './tag-versions.js';

/**
 * When this process invalidated each tag, on a logical clock of its own.
 *
 * A load notes the clock before it runs. The clock follows the machine's, and starts with a floor at
 * the present: an entry of an earlier life, whose invalidations are forgotten, is invalid rather
 * than valid.
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

  /** The clock, as a load should note it before it begins. */
  note(): number {
    // Stored, so that an invalidation within the same millisecond is still later.
    this.current = Math.max(this.current, this.clock.now());
    return this.current;
  }

  invalidate(tags: Iterable<string>): void {
    this.current = this.note() + 1;
    this.versions.raise(tags, this.current);
  }

  /** Whether an entry with these tags, noted at that time, is still good. */
  isValid(tags: readonly string[], noted: number): boolean {
    return this.versions.isValid(tags, noted);
  }
}
