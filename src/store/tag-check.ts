import { Coalescer } from '../base/coalescer.js';
import type { TagVersions } from './coordinator.js';

/** Tags whose versions are read together at most. */
const MOST_TAGS = 128;

/**
 * Asks a store whether tags have been invalidated; questions of one turn share a command.
 *
 * @internal
 */
export class TagCheck {
  /** When tags were last invalidated; `Infinity` for those of which the store did not say. */
  private readonly versions: Coalescer<number, number>;

  constructor(
    private readonly fetch: (tags: readonly string[]) => Promise<TagVersions | undefined>,
  ) {
    this.versions = new Coalescer(
      (tags) => this.versionsOf(tags),
      (version) => version ?? Infinity,
      () => MOST_TAGS,
    );
  }

  /** Whether none of the tags was invalidated after a moment of the store's clock of tags. */
  async areValid(tags: readonly string[], noted: number): Promise<boolean> {
    const versions = await Promise.all(tags.map((tag) => this.versions.read(tag)));
    return versions.every((version) => version <= noted);
  }

  private async versionsOf(tags: readonly string[]): Promise<readonly number[]> {
    const { epoch, versions = [] } = (await this.fetch(tags)) ?? {};
    return epoch === undefined ? [] : versions.map((version) => Math.max(epoch, version));
  }
}
