import type { Received } from '../../src/redis/bus/messages.js';
import type {
  LeaseReply,
  SetOutcome,
  StoredText,
  TagVersionsReply,
} from '../../src/store/coordinator.js';
import { EPOCH, type Scheduler } from './scheduler.js';

interface Expiring {
  readonly text: string;
  until: number;
}

interface Tags {
  readonly epoch: number;
  clock: number;
  readonly versions: Map<string, number>;
}

/** A message from the server to a subscribed connection. */
export type Push =
  | { readonly kind: 'message'; readonly message: Received }
  /** `undefined`: everything was removed. */
  | { readonly kind: 'changed'; readonly keys: readonly string[] | undefined }
  /** The listener's own probe is back. */
  | { readonly kind: 'echo' };

export interface Subscriber {
  readonly isTracking: boolean;
  push(push: Push): void;
}

/**
 * The part of Redis that the cache uses. Each method is one script or command, executed atomically, with the
 * semantics of `src/redis/scripts.ts`.
 */
export class Server {
  readonly subscribers = new Set<Subscriber>();
  /** Until then it carries nothing out: it hangs. */
  stalledUntil = 0;
  /** For sabotage only: whether a fill needs its lease. */
  checksLeases = true;
  private readonly values = new Map<string, Expiring>();
  private readonly leases = new Map<string, Expiring>();
  private tags: Tags | undefined;
  /** Entries created before it are misses; part of the tags' hash. */
  private floorMs = 0;
  private readonly sequences = new Map<string, number>();
  private changed = new Set<string>();

  constructor(
    private readonly scheduler: Scheduler,
    /** Receives every text that is stored. */
    private readonly onStored: (key: string) => void,
  ) {}

  get(key: string): string | undefined {
    const found = this.values.get(key);
    if (found === undefined || this.scheduler.now < found.until) return found?.text;
    this.unlink(key);
    return undefined;
  }

  acquire(
    key: string,
    token: string,
    leaseMs: number,
    notAfter: number,
    isForced: boolean,
  ): LeaseReply | Error {
    if (this.scheduler.now > notAfter) return tooLate();
    const lease = this.lease(key);
    if (lease !== undefined && !isForced) {
      const remainingMs = lease.until - this.scheduler.now;
      return { granted: false, holder: lease.text, remainingMs };
    }
    this.leases.set(key, { text: token, until: this.scheduler.now + Math.ceil(leaseMs) });
    return { granted: true, text: this.get(key) };
  }

  renew(key: string, token: string, leaseMs: number): boolean {
    const lease = this.lease(key);
    if (lease?.text !== token) return false;
    lease.until = this.scheduler.now + Math.ceil(leaseMs);
    return true;
  }

  release(key: string, token: string, origin: string): void {
    if (this.lease(key)?.text !== token) return;
    this.leases.delete(key);
    this.publish({ kind: 'release', key, origin });
  }

  fill(key: string, token: string, text: string, ttlMs: number, origin: string): boolean {
    if (this.checksLeases && this.lease(key)?.text !== token) return false;
    this.store(key, text, ttlMs);
    this.leases.delete(key);
    this.publish({ kind: 'fill', key, origin });
    return true;
  }

  set(
    key: string,
    text: string,
    ttlMs: number,
    notAfter: number,
    origin: string,
  ): Error | undefined {
    const isLate = this.scheduler.now > notAfter;
    if (isLate) this.unlink(key);
    else this.store(key, text, ttlMs);
    this.leases.delete(key);
    this.publish({ kind: 'set', key, origin });
    return isLate ? tooLate() : undefined;
  }

  setMany(entries: readonly StoredText[], notAfter: number, origin: string): SetOutcome {
    const isLate = this.scheduler.now > notAfter;
    for (const { key, text, ttlMs } of entries) {
      if (isLate) this.unlink(key);
      else this.store(key, text, ttlMs);
      this.leases.delete(key);
    }
    this.publish(
      changed(
        'set',
        entries.map(({ key }) => key),
        origin,
      ),
    );
    return { stored: isLate ? 0 : entries.length, error: isLate ? tooLate() : undefined };
  }

  deleteMany(keys: readonly string[], origin: string): (string | undefined)[] {
    const heads = keys.map((key) => {
      this.leases.delete(key);
      const text = this.get(key);
      this.unlink(key);
      return text;
    });
    this.publish(changed('delete', keys, origin));
    return heads;
  }

  unlink(key: string): boolean {
    if (!this.values.delete(key)) return false;
    this.change(key);
    return true;
  }

  /** Keys whose leases a cache holds. */
  leasesOf(origin: string): readonly string[] {
    return [...this.leases.keys()].filter((key) => this.lease(key)?.text.startsWith(origin));
  }

  dropLease(key: string): void {
    this.leases.delete(key);
  }

  /** The tags' clock, if there is one. */
  get knownTagClock(): number | undefined {
    return this.tags?.clock;
  }

  tagClock(): number {
    return this.openTags().clock;
  }

  tagVersions(tags: readonly string[]): TagVersionsReply {
    const versions = tags.map((tag) => this.tags?.versions.get(tag) ?? 0);
    return { epoch: this.tags?.epoch, versions };
  }

  invalidateTags(tags: readonly string[], origin: string): number {
    const table = this.openTags();
    // Never lower than a version that a state which was lost has had.
    const version = (table.clock = Math.max(table.clock + 1, this.clock));
    for (const tag of tags) table.versions.set(tag, version);
    this.publish({ kind: 'tags', tags, version, origin });
    return version;
  }

  publish(message: Received): void {
    for (const subscriber of this.subscribers) subscriber.push({ kind: 'message', message });
  }

  get floor(): number {
    return this.floorMs;
  }

  /** The highest that there was: the processes remember it when the server has lost it. */
  highestFloor = 0;

  raiseFloor(origin: string): number {
    this.openTags();
    this.highestFloor = this.floorMs = EPOCH + this.scheduler.now;
    this.leases.clear();
    this.publish({ kind: 'floor', floor: this.floorMs, origin });
    return this.floorMs;
  }

  noteSequence(origin: string, sequence: number): void {
    this.sequences.set(origin, sequence);
  }

  sequence(origin: string): number | undefined {
    return this.sequences.get(origin);
  }

  /** Everything as it is now, to come back to. */
  save(): () => void {
    const { tags, floorMs } = this;
    const saved = {
      values: [...this.values],
      leases: Array.from(this.leases, ([key, lease]) => [key, { ...lease }] as const),
      tags: tags && { ...tags, versions: new Map(tags.versions) },
      sequences: [...this.sequences],
    };
    return () => {
      this.lose();
      for (const [key, value] of saved.values) this.values.set(key, value);
      for (const [key, lease] of saved.leases) this.leases.set(key, { ...lease });
      this.tags = saved.tags && { ...saved.tags, versions: new Map(saved.tags.versions) };
      this.floorMs = floorMs;
      for (const [origin, sequence] of saved.sequences) this.sequences.set(origin, sequence);
    };
  }

  /** The tags' hash is evicted. */
  loseTags(): void {
    this.tags = undefined;
    this.floorMs = 0;
  }

  /** Removes everything, and notifies the connections that track. */
  flush(): void {
    this.lose();
    this.changed.clear();
    for (const subscriber of this.subscribers) {
      if (subscriber.isTracking) subscriber.push({ kind: 'changed', keys: undefined });
    }
  }

  /** Loses all data without sending a message. */
  lose(): void {
    this.values.clear();
    this.leases.clear();
    this.sequences.clear();
    this.loseTags();
  }

  private store(key: string, text: string, ttlMs: number): void {
    this.values.set(key, { text, until: this.scheduler.now + Math.max(1, Math.ceil(ttlMs)) });
    this.change(key);
    this.onStored(key);
  }

  private lease(key: string): Expiring | undefined {
    const lease = this.leases.get(key);
    if (lease === undefined || this.scheduler.now < lease.until) return lease;
    this.leases.delete(key);
    return undefined;
  }

  private openTags(): Tags {
    if (this.tags !== undefined) return this.tags;
    const { clock } = this;
    return (this.tags = { epoch: clock, clock, versions: new Map() });
  }

  private get clock(): number {
    return (EPOCH + this.scheduler.now) * 1000;
  }

  /** Reports the changes of one turn of the server together, after the messages that it has published. */
  private change(key: string): void {
    if (this.changed.size === 0) {
      this.scheduler.after(0, () => {
        const keys = [...this.changed];
        this.changed = new Set();
        if (keys.length === 0) return false;
        for (const subscriber of this.subscribers) {
          if (subscriber.isTracking) subscriber.push({ kind: 'changed', keys });
        }
        return false;
      });
    }
    this.changed.add(key);
  }
}

function changed(kind: 'set' | 'delete', keys: readonly string[], origin: string): Received {
  const [key = ''] = keys;
  return keys.length === 1 ? { kind, key, origin } : { kind: 'changed', keys, origin };
}

function tooLate(): Error {
  return new Error('LATE The command came too late to be carried out.');
}
