import { isMachineTime, type Clock } from './clock.js';
import { lifeClock, machineLife, type LifeClock } from './life-clock.js';
import { fromTicks, toTicks } from './ticks.js';

/** Readings within one millisecond after which the clock is asked less often. */
const BUSY = 8;
/** Hits that share a reading at first, and at most, in a turn of the event loop that does not end. */
const LEAST_SHARED = 32;
const MOST_SHARED = 256;

/**
 * The time as hits see it. Reading the machine's clock takes longer than all the rest of a hit, so
 * that hits which follow each other closely share a reading: until the turn of the event loop ends,
 * but no more than 32 of them, and twice as many whenever those before took less than a millisecond,
 * up to 256. An entry that expires while the event loop is blocked may therefore be served to the next
 * few hits of that turn, once: hits that turn out to be further apart stop sharing.
 *
 * Hits that are far between read the clock themselves, and so does everything else: a load, a write,
 * a clock that is not the machine's, and fake timers.
 *
 * @internal
 */
export class HitClock {
  private time = 0;
  /** Hits that may still share the last reading. */
  private left = 0;
  /** Hits that share a reading, as far as their pace is known. */
  private share = LEAST_SHARED;
  /** Readings of one and the same millisecond. */
  private readings = 0;
  private isBusy = false;
  /** Whether the end of the turn will be noticed. */
  private isArmed = false;
  private readonly mayShare: boolean;

  constructor(private readonly clock: LifeClock) {
    this.mayShare = clock === machineLife;
  }

  /** As {@link LifeClock.now}. */
  now(): number {
    return fromTicks(this.ticks());
  }

  /** The same in ticks. */
  ticks(): number {
    // Asked for every hit: fake timers may be put in between any two.
    if (this.left > 0 && isMachineTime()) {
      this.left--;
      return this.time;
    }
    return this.read();
  }

  private read(): number {
    const now = toTicks(this.clock.now());
    if (!this.mayShare) return now;
    const passed = now - this.time;
    this.readings = passed === 0 ? this.readings + 1 : 0;
    this.time = now;
    if (!isMachineTime()) return now;
    // The hits that shared the last reading took longer than they may, and so might the next.
    if (this.isBusy && passed > 1) this.isBusy = false;
    if (!this.isBusy && this.readings >= BUSY) {
      this.isBusy = true;
      this.share = LEAST_SHARED;
      this.noticeNextTurn();
    } else {
      this.share = passed === 0 ? Math.min(2 * this.share, MOST_SHARED) : LEAST_SHARED;
    }
    if (this.isBusy) this.left = this.share;
    return now;
  }

  private noticeNextTurn(): void {
    if (this.isArmed) return;
    this.isArmed = true;
    this.clock.setTimeout(() => {
      this.isArmed = false;
      this.isBusy = false;
      this.left = 0;
      this.readings = 0;
    }, 1);
  }
}

const machineHits = new HitClock(machineLife);

/**
 * The time as hits see it; those of all caches on the machine's clock share their readings.
 *
 * @internal
 */
export function hitClock(clock: Clock): HitClock {
  const life = lifeClock(clock);
  return life === machineLife ? machineHits : new HitClock(life);
}
