/**
 * The names of a namespace's keys and channels in Redis.
 *
 * @internal
 */
export class RedisKeys {
  /** Prefix of the names of all values. */
  readonly prefix: string;
  /** One hash: `epoch`, `clock`, `floor`, `cursor`, and a version for each tag. */
  readonly tags: string;
  /** The channel of all caches of the namespace. */
  readonly bus: string;
  /** A sorted set of the instances that have stored a snapshot of their metrics, by its time. */
  readonly stats: string;
  /** The number of keys, as last counted. */
  readonly count: string;
  private readonly leasePrefix: string;

  constructor(readonly namespace: string) {
    this.prefix = `${namespace}:`;
    this.tags = `${namespace}#tags`;
    this.bus = `${namespace}#bus`;
    this.stats = `${namespace}#stats`;
    this.count = `${namespace}#count`;
    this.leasePrefix = `{${namespace}:`;
  }

  value(key: string): string {
    return this.prefix + key;
  }

  /** The braces put a lease into its value's cluster slot; keys contain none. */
  lease(key: string): string {
    return this.leasePrefix + key + LEASE_END;
  }

  /** Arguments of a script on several keys: the number of names, then the value and the lease of each key. */
  pairs(keys: readonly string[]): (string | number)[] {
    const names: (string | number)[] = [2 * keys.length];
    for (const key of keys) names.push(this.value(key), this.lease(key));
    return names;
  }

  /** Prefix of the leases' names, for all keys that begin with `prefix`. */
  leasesOf(prefix: string): string {
    return this.leasePrefix + prefix;
  }

  /** The key of a value's name; `undefined` for a name that is not a value of the namespace. */
  keyOfValue(name: string): string | undefined {
    return name.startsWith(this.prefix) ? name.slice(this.prefix.length) : undefined;
  }

  /** The key of a lease's name; `undefined` for a name that is not a lease of the namespace. */
  keyOfLease(name: string): string | undefined {
    return name.startsWith(this.leasePrefix) && name.endsWith(LEASE_END)
      ? name.slice(this.leasePrefix.length, -LEASE_END.length)
      : undefined;
  }

  /** The channel of one cache's probes, which the others do not receive. */
  probes(origin: string): string {
    return `${this.bus}:${origin}`;
  }

  /** The number of one cache's latest acknowledged invalidation. */
  sequenceOf(origin: string): string {
    return `${this.namespace}#seq:${origin}`;
  }

  /** One instance's snapshot. */
  statsOf(instance: string): string {
    return `${this.stats}:${instance}`;
  }

  tag(tag: string): string {
    return `t:${tag}`;
  }
}

const LEASE_END = '}:lease';
