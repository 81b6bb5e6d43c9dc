/** Keys that are remembered at most; the oldest are refreshed again rather too early. */
const MOST_KEYS = 10_000;

/**
 * When a key may be refreshed again, for a cache without a memory tier, whose entries would know.
 * Otherwise every hit near the end of a life would ask for the lease of the refresh under way.
 *
 * @internal
 */
export class RefreshTable {
  private readonly notBefore = new Map<string, number>();

  isDue(key: string, now: number): boolean {
    return now >= (this.notBefore.get(key) ?? -Infinity);
  }

  note(key: string, notBefore: number): void {
    this.notBefore.delete(key);
    this.notBefore.set(key, notBefore);
    if (this.notBefore.size <= MOST_KEYS) return;
    this.notBefore.delete(this.notBefore.keys().next().value as string);
  }
}
