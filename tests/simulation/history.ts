/** A moment of the simulation; the order tells those of one millisecond apart. */
export interface Moment {
  readonly time: number;
  readonly order: number;
}

/** Versions of a key that a write makes out of date. */
export interface Kill {
  readonly key: string;
  /** The version that was written. */
  readonly version: number;
  /** Whether only the version before it is, and not all earlier ones: a tag of its result. */
  readonly onlyLast: boolean;
}

/** The versions that no reader may get any more, with the time since when each of them is dead. */
export class History {
  private readonly current = new Map<string, number>();
  /** By key and version: acknowledged by the store, for all processes. */
  private readonly dead = new Map<string, Moment[]>();
  /** By process, key and version: the call has returned, for its own process. */
  private readonly own = new Map<string, Moment[]>();
  private readonly acknowledged: { readonly author: number; readonly kills: readonly Kill[] }[] =
    [];
  private count = 0;

  constructor(private readonly now: () => number) {}

  moment(): Moment {
    return { time: this.now(), order: ++this.count };
  }

  version(key: string): number {
    return this.current.get(key) ?? 1;
  }

  /** Writes to the database. */
  bump(key: string): number {
    const version = this.version(key) + 1;
    this.current.set(key, version);
    return version;
  }

  killFor(process: number, kills: readonly Kill[]): void {
    this.enter(this.own, `${process} `, kills);
  }

  /** @param author - The process that made them out of date. */
  killForAll(kills: readonly Kill[], author: number): void {
    this.acknowledged.push({ author, kills });
    this.enter(this.dead, '', kills);
  }

  /**
   * The store is back in an earlier state: what was dead may live, until its author has killed it
   * again. Returns which process must kill what.
   */
  revive(): readonly { readonly author: number; readonly kills: readonly Kill[] }[] {
    this.dead.clear();
    return this.acknowledged.splice(0);
  }

  deadSince(key: string, version: number): Moment | undefined {
    return this.dead.get(key)?.[version];
  }

  deadFor(process: number, key: string, version: number): Moment | undefined {
    return this.own.get(`${process} ${key}`)?.[version];
  }

  private enter(table: Map<string, Moment[]>, prefix: string, kills: readonly Kill[]): void {
    const moment = this.moment();
    for (const { key, version, onlyLast } of kills) {
      const name = prefix + key;
      let versions = table.get(name);
      if (versions === undefined) table.set(name, (versions = []));
      for (let old = onlyLast ? version - 1 : 1; old < version; old++) versions[old] ??= moment;
    }
  }
}
