import type { Clock } from '../base/clock.js';
import type { RedisClient } from './connection/connection.js';
import { isReply } from './connection/failure.js';

/** Maximum drift between two clocks; quartz is more precise. */
const DRIFT = 1 / 10_000;
/** Bounds closer than this need not be measured again. */
const CLOSE_MS = 10;
const MAX_QUESTIONS = 3;

/**
 * Estimates of a server's time, and the latest reading of its tag clock.
 *
 * A reply that was sent between two local readings gives bounds for the difference (RFC 5905 by D. Mills uses
 * their midpoint). Every further reply narrows the bounds, which widen again with time, since
 * a reply that waited behind a busy event loop is imprecise.
 *
 * @internal
 */
export class ServerClock {
  /** Lower and upper bound of the server's time minus our monotonic time. */
  private low = -Infinity;
  private high = Infinity;
  private learntAt = 0;
  private offset = 0;
  /** Identifies the connection: a reply on an earlier one may come from another server. */
  private era = {};
  private hasAnswered = false;
  private question: Promise<void> | undefined;
  private tagClock: number | undefined;
  private highestFloor = 0;

  /** @param onFloor - Called when there is a higher floor; see {@link ServerClock.floor}. */
  constructor(
    private readonly client: RedisClient,
    private readonly isCluster: boolean,
    private readonly tagsKey: string,
    private readonly clock: Clock,
    private readonly onFloor: () => void = () => undefined,
  ) {}

  /** Entries created before this server time are misses; 0 if there is no floor. */
  get floor(): number {
    return this.highestFloor;
  }

  /** The server's time minus ours; 0 before it is known. On a cluster, that of any one node. */
  get offsetMs(): number {
    return this.offset;
  }

  get lastTagClock(): number | undefined {
    return this.tagClock;
  }

  /** Settles after the server's first reply on this connection; `undefined` if it has arrived. */
  ready(): Promise<void> | undefined {
    return this.hasAnswered ? undefined : (this.question ??= this.firstQuestion());
  }

  /** The connection is lost, and the next one may lead to another server. */
  forget(): void {
    this.era = {};
    this.hasAnswered = false;
    this.question = undefined;
    this.low = -Infinity;
    this.high = Infinity;
    this.tagClock = undefined;
  }

  /** The tags' clock was lost, and will start again at a later reading. */
  forgetTags(): void {
    this.tagClock = undefined;
  }

  /** A floor never falls: entries below it stay untrusted, even on the next server. */
  sawFloor(floor: number): void {
    if (!(floor > this.highestFloor)) return;
    this.highestFloor = floor;
    this.onFloor();
  }

  sawTagClock(tagClock: number): void {
    this.tagClock = Math.max(this.tagClock ?? 0, tagClock);
  }

  /**
   * The earliest server time `withinMs` from now; 0 if it is unknown, as it always is on a cluster, where
   * each node has its own clock.
   */
  notAfter(withinMs: number): number {
    if (this.isCluster || this.low === -Infinity) return 0;
    const { low, learntAt, clock } = this;
    const now = clock.monotonic();
    return Math.max(1, Math.floor(now + withinMs + low - (now - learntAt) * DRIFT));
  }

  /** Measures again. Never rejects. */
  async refresh(): Promise<void> {
    try {
      await this.ask();
    } catch {
      // The bounds stay as they are.
    }
  }

  private async firstQuestion(): Promise<void> {
    const { era } = this;
    try {
      await this.ask();
    } catch (error) {
      // The user may lack the permission: the time remains unknown.
      if (!isReply(error)) {
        if (this.era === era) this.question = undefined;
        throw error;
      }
    }
    if (this.era !== era) return;
    this.hasAnswered = true;
    this.question = undefined;
    void this.narrow();
  }

  /** A starting process is busy, which makes the first bounds wide. */
  private async narrow(): Promise<void> {
    for (let i = 1; i < MAX_QUESTIONS && this.high - this.low > CLOSE_MS; i++) {
      await this.refresh();
    }
  }

  private async ask(): Promise<void> {
    const { client, clock, era } = this;
    const sentAt = clock.monotonic();
    const tags = client.hmget(this.tagsKey, 'clock', 'floor');
    // It is awaited after the time, and may fail before.
    tags.catch(() => undefined);
    const [seconds, micros] = await client.time();
    if (this.era !== era) return;
    this.learn(Number(seconds) * 1000 + Number(micros) / 1000, sentAt, clock.monotonic());
    const [tagClock, floor] = await tags;
    if (this.era !== era) return;
    const found = Number(tagClock ?? NaN);
    // Replaced, not maximised: after a failover it may be lower.
    this.tagClock = found > 0 ? found : undefined;
    this.sawFloor(Number(floor ?? 0));
  }

  private learn(server: number, sentAt: number, receivedAt: number): void {
    const worn = (receivedAt - this.learntAt) * DRIFT;
    const [low, high] = [server - receivedAt, server - sentAt];
    const [oldLow, oldHigh] = [this.low - worn, this.high + worn];
    // The bounds contradict each other: one of the clocks was set.
    const agrees = low <= oldHigh && oldLow <= high;
    this.low = agrees ? Math.max(low, oldLow) : low;
    this.high = agrees ? Math.min(high, oldHigh) : high;
    this.learntAt = receivedAt;
    const { clock } = this;
    this.offset = Math.round((this.low + this.high) / 2 + clock.monotonic() - clock.now());
  }
}
