import { isMachineTime, type Clock } from './clock.js';
import { lifeClock, machineLife, type LifeClock } from './life-clock.js';
import { fromTicks, toTicks } from './ticks.js';

/** Readings within one millisecond after which they are shared. */
const BUSY = 8;
/**
 * Hits that share a reading, until the turn of the event loop ends. With 32, a hit in a tight loop takes
 * 1.13 times as long.
 */
const SHARED_HITS = 256;

/**
 * The time for memory hits. Reading the machine's clock takes longer than the rest of a hit; sharing a
 * reading makes a tight loop of hits 1.75 times as fast, and 20 hits in one turn of the event loop 1.25
 * times. An entry that expires while the event loop is blocked may therefore be served to the next 255
 * hits of that turn.
 *
 * Infrequent hits read the clock themselves, as does everything else: loads, writes, clocks other than the
 * machine's, and fake timers.
 *
 * @internal
 */
export class CoarseClock {
  private time = 0;
  /** Hits that may still share the last reading. */
  private left = 0;
  /** Number of readings within the same millisecond. */
  private readings = 0;
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
    // Checked for every hit: fake timers may be installed between any two.
    if (this.left > 0 && isMachineTime()) {
      this.left--;
      return this.time;
    }
    return this.read();
  }

  private read(): number {
    const now = toTicks(this.clock.now());
    if (!this.mayShare || !isMachineTime()) return now;
    this.readings = now === this.time ? this.readings + 1 : 0;
    this.time = now;
    if (this.readings >= BUSY) this.share();
    return now;
  }

  private share(): void {
    this.left = SHARED_HITS - 1;
    if (this.isArmed) return;
    this.isArmed = true;
    this.clock.setTimeout(() => {
      this.isArmed = false;
      this.left = this.readings = 0;
    }, 1);
  }
}

const machineClock = new CoarseClock(machineLife);

/**
 * The clock for memory hits; all caches on the machine's clock share its readings.
 *
 * @internal
 */
export function coarseClock(clock: Clock): CoarseClock {
  const life = lifeClock(clock);
  return life === machineLife ? machineClock : new CoarseClock(life);
}
