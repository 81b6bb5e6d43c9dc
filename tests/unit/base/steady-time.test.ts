import { SteadyTime } from '../../../src/base/time/steady-time.js';

const HOUR = 3_600_000;

/** A machine whose clocks are moved by hand. */
class Machine {
  wallTime = 1_700_000_000_000;
  monotonicTime = 5000.25;
  uptimeMs = 100_000;
  uptimeFails: 'throws' | 'nonsense' | undefined;
  readonly time = new SteadyTime({
    wall: () => Math.floor(this.wallTime),
    monotonic: () => this.monotonicTime,
    uptime: () => {
      if (this.uptimeFails === 'throws') throw new Error('no permission');
      return this.uptimeFails === undefined ? this.uptimeMs / 1000 : NaN;
    },
  });
  private readonly start = this.wallTime;

  passes(ms: number): void {
    this.wallTime += ms;
    this.monotonicTime += ms;
    this.uptimeMs += ms;
  }

  sleeps(ms: number): void {
    this.wallTime += ms;
    this.uptimeMs += ms;
  }

  /** Milliseconds that have passed for lives. */
  get passed(): number {
    return this.time.now() - this.start;
  }
}

describe('steady time', () => {
  it('is the time of day in whole milliseconds unless the clock is set', () => {
    const machine = new Machine();
    for (let i = 0; i < 10_000; i++) {
      machine.passes(7.3);
      const now = machine.time.now();
      expect(Number.isInteger(now)).toBe(true);
      expect(Math.abs(now - machine.wallTime)).toBeLessThan(1.5);
    }
    expect(machine.time.wallOffset).toBe(0);
  });

  it.each([
    ['by an hour', -HOUR],
    ['by half a second', -500],
    ['to 1970', -1_700_000_000_000],
  ])('goes on when the time of day is set back %s', (_, step) => {
    const machine = new Machine();
    machine.passes(1000);
    expect(machine.passed).toBeCloseTo(1000, -1);
    machine.wallTime += step;
    expect(machine.passed).toBeCloseTo(1000, -1);
    machine.passes(1000);
    expect(machine.passed).toBeCloseTo(2000, -1);
    expect(machine.time.wallOffset).toBeCloseTo(step, -1);
  });

  it('does not jump when the time of day is set forward', () => {
    const machine = new Machine();
    machine.passes(1000);
    machine.wallTime += HOUR;
    expect(machine.passed).toBeCloseTo(1000, -1);
    expect(machine.time.wallOffset).toBeCloseTo(HOUR, -1);
    // Nor does it by steps that are too small to be looked into, one after the other.
    for (let i = 0; i < 20; i++) {
      machine.wallTime += 900;
      machine.passes(10);
      machine.time.now();
    }
    expect(machine.passed).toBeCloseTo(1200, -1);
  });

  it('counts the time asleep, in which the monotonic clock stands still', () => {
    const machine = new Machine();
    machine.passes(1000);
    machine.time.now();
    machine.sleeps(HOUR);
    expect(machine.passed).toBeCloseTo(HOUR + 1000, -1);
    machine.passes(1000);
    machine.sleeps(1500);
    expect(machine.passed).toBeCloseTo(HOUR + 3500, -1);
  });

  it('counts the time asleep after the time of day was set back, and while it is', () => {
    const machine = new Machine();
    machine.wallTime -= HOUR;
    expect(machine.passed).toBeCloseTo(0, -1);
    machine.sleeps(HOUR / 2);
    expect(machine.passed).toBeCloseTo(HOUR / 2, -1);
    machine.sleeps(HOUR);
    machine.wallTime -= 3 * HOUR;
    expect(machine.passed).toBeCloseTo(1.5 * HOUR, -1);
  });

  it('tells sleep from a clock that was set forward as the machine woke', () => {
    const machine = new Machine();
    machine.sleeps(60_000);
    machine.wallTime += HOUR;
    expect(machine.passed).toBeCloseTo(60_000, -1);
  });

  it.each(['throws', 'nonsense'] as const)('ends lives when uptime %s', (how) => {
    const machine = new Machine();
    machine.uptimeFails = how;
    machine.sleeps(HOUR);
    expect(machine.passed).toBeCloseTo(HOUR, -1);
    // And what cannot be read afterwards either is no reason to go back.
    machine.wallTime -= 2 * HOUR;
    machine.passes(5);
    expect(machine.passed).toBeCloseTo(HOUR, -2);
    machine.uptimeFails = undefined;
    machine.sleeps(HOUR);
    expect(machine.passed).toBeGreaterThanOrEqual(2 * HOUR);
  });

  it('never goes back, for any behaviour of the clocks', () => {
    const machine = new Machine();
    let seed = 20_261_128;
    const random = (): number => (seed = (seed * 48_271) % 0x7fffffff) / 0x7fffffff;
    let last = machine.time.now();
    for (let i = 0; i < 5000; i++) {
      const what = random();
      if (what < 0.7) machine.passes(random() * 3);
      else if (what < 0.8) machine.wallTime += (random() - 0.5) * 10_000;
      else if (what < 0.9) machine.sleeps(random() * 5000);
      else machine.uptimeFails = random() < 0.3 ? 'throws' : undefined;
      const now = machine.time.now();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  it('goes on while the time of day stands still, or comes back to a reading', () => {
    const machine = new Machine();
    const start = machine.time.now();
    for (let i = 0; i < 1000; i++) {
      machine.monotonicTime += 1;
      machine.time.now();
    }
    expect(machine.time.now() - start).toBeGreaterThan(900);
  });

  it('is not led astray by a process that was stopped between two readings', () => {
    const machine = new Machine();
    let stopped = 0;
    const time = new SteadyTime({
      wall: () => {
        const wall = Math.floor(machine.wallTime);
        machine.passes(stopped);
        stopped = 0;
        return wall;
      },
      monotonic: () => machine.monotonicTime,
      uptime: () => machine.uptimeMs / 1000,
    });
    const start = machine.monotonicTime;
    for (const ms of [500, 3000, 60_000, 0, 0]) {
      stopped = ms;
      machine.passes(2);
      expect(
        Math.abs(time.now() - 1_700_000_000_000 - (machine.monotonicTime - start)),
      ).toBeLessThan(2);
    }
    machine.sleeps(HOUR);
    expect(time.now() - 1_700_000_000_000).toBeGreaterThan(HOUR + 63_000);
  });
});
