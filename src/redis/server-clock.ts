import type { Clock } from '../base/time/clock.js';
import type { RedisClient } from './connection/connection.js';
import { isReply } from './connection/failure.js';

/** Maximum drift between two clocks; quartz is more precise. */
const DRIFT = 1 / 10_000;
/** The start-up measurements end once the bounds are closer than this. */
const CLOSE_MS = 10;
/** Maximum number of measurements at start-up. */
const MAX_MEASUREMENTS = 3;

/**
 * Estimates of a server's time, and the latest reading of its tag clock.
 *
 * The server read its clock between the request and the reply, so the two local readings bound the
 * difference (RFC 5905 by D. Mills uses their midpoint). A single reply may be imprecise, because it waited
 * for a busy event loop: each further one narrows the bounds, which widen again with the drift of the clocks.
 *
 * @internal
 */
export class ServerClock {
  /** Lower and upper bound of the server's time minus our monotonic time. */
  private low = -Infinity;
  private high = Infinity;
  private measuredAt = 0;
  private offset = 0;
  /** Number of the connection: a reply on an earlier one may come from another server. */
  private generation = 0;
  /** Whether the server has replied on this connection. */
  private hasReplied = false;
  /** The first measurement on this connection, while it is pending. */
  private measuring: Promise<void> | undefined;
  private tagClock: number | undefined;
  private highestFloor = 0;

  /** @param onFloor - Called when the floor rises; see {@link ServerClock.floor}. */
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
    return this.hasReplied ? undefined : (this.measuring ??= this.firstMeasurement());
  }

  /** Discards the measurements: the connection is lost, and the next one may lead to another server. */
  reset(): void {
    this.generation++;
    this.hasReplied = false;
    this.measuring = undefined;
    this.low = -Infinity;
    this.high = Infinity;
    this.tagClock = undefined;
  }

  /** Discards the reading of the tag clock: the clock was lost, and restarts at a later reading. */
  resetTagClock(): void {
    this.tagClock = undefined;
  }

  /** Raises the floor. It never falls: entries below it stay misses, even on the next server. */
  noteFloor(floor: number): void {
    if (!(floor > this.highestFloor)) return;
    this.highestFloor = floor;
    this.onFloor();
  }

  /** Notes a reading of the tag clock, which never goes back on one server. */
  noteTagClock(tagClock: number): void {
    this.tagClock = Math.max(this.tagClock ?? 0, tagClock);
  }

  /**
   * The earliest server time `withinMs` ms from now; 0 if unknown, as always on a cluster, where each node
   * has its own clock.
   */
  notAfter(withinMs: number): number {
    if (this.isCluster || this.low === -Infinity) return 0;
    const { low, measuredAt, clock } = this;
    const now = clock.monotonic();
    return Math.max(1, Math.floor(now + withinMs + low - (now - measuredAt) * DRIFT));
  }

  /** Measures again. Never rejects. */
  async refresh(): Promise<void> {
    try {
      await this.measure();
    } catch {
      // The bounds stay as they are.
    }
  }

  private async firstMeasurement(): Promise<void> {
    const { generation } = this;
    try {
      await this.measure();
    } catch (error) {
      // The user may lack the permission: the time remains unknown.
      if (!isReply(error)) {
        if (this.generation === generation) this.measuring = undefined;
        throw error;
      }
    }
    if (this.generation !== generation) return;
    this.hasReplied = true;
    this.measuring = undefined;
    void this.narrow();
  }

  /** Measures again: a starting process is busy, which makes the first bounds wide. */
  private async narrow(): Promise<void> {
    for (let i = 1; i < MAX_MEASUREMENTS && this.high - this.low > CLOSE_MS; i++) {
      await this.refresh();
    }
  }

  private async measure(): Promise<void> {
    const { client, clock, generation } = this;
    const sentAt = clock.monotonic();
    const tags = client.hmget(this.tagsKey, 'clock', 'floor');
    // Awaited after the reply to `TIME`, and it may fail before that.
    tags.catch(() => undefined);
    const [seconds, micros] = await client.time();
    if (this.generation !== generation) return;
    this.updateBounds(Number(seconds) * 1000 + Number(micros) / 1000, sentAt, clock.monotonic());
    const [tagClock, floor] = await tags;
    if (this.generation !== generation) return;
    const found = Number(tagClock ?? NaN);
    // Replaced even if lower, as it may be after a failover.
    this.tagClock = found > 0 ? found : undefined;
    this.noteFloor(Number(floor ?? 0));
  }

  private updateBounds(server: number, sentAt: number, receivedAt: number): void {
    const driftMs = (receivedAt - this.measuredAt) * DRIFT;
    const [low, high] = [server - receivedAt, server - sentAt];
    const [oldLow, oldHigh] = [this.low - driftMs, this.high + driftMs];
    // If the bounds do not overlap, one of the clocks was set.
    const isConsistent = low <= oldHigh && oldLow <= high;
    this.low = isConsistent ? Math.max(low, oldLow) : low;
    this.high = isConsistent ? Math.min(high, oldHigh) : high;
    this.measuredAt = receivedAt;
    const { clock } = this;
    this.offset = Math.round((this.low + this.high) / 2 + clock.monotonic() - clock.now());
  }
}
