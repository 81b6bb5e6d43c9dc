import { CoarseClock, coarseClock } from '../../../src/base/time/coarse-clock.js';
import { machineLife } from '../../../src/base/time/life-clock.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

describe('the clock for memory hits', () => {
  /** A machine whose time and timers advance only when a test does so. */
  function machine(): {
    clock: CoarseClock;
    readings: () => number;
    to(ms: number): void;
    turn(): void;
  } {
    let time = 1_700_000_000_000;
    const timers: (() => void)[] = [];
    const now = jest.spyOn(machineLife, 'now').mockImplementation(() => time);
    jest.spyOn(machineLife, 'setTimeout').mockImplementation((callback) => timers.push(callback));
    return {
      clock: new CoarseClock(machineLife),
      readings: () => now.mock.calls.length,
      to: (ms) => (time += ms),
      turn: () => timers.splice(0).forEach((fire) => fire()),
    };
  }

  const times = (count: number, clock: CoarseClock): number[] =>
    Array.from({ length: count }, () => clock.now());

  it('reads the machine for every hit while they are few', () => {
    const { clock, readings, to } = machine();
    for (let i = 0; i < 100; i++) {
      const [first, second] = times(2, clock);
      expect(second).toBe(first);
      to(1);
      expect(clock.now()).toBe(Number(first) + 1);
    }
    expect(readings()).toBe(300);
  });

  it('lets 256 hits share a reading once there have been several in one millisecond', () => {
    const { clock, readings, to } = machine();
    times(9, clock);
    const before = readings();
    times(25_600, clock);
    expect(readings() - before).toBe(100);
    to(10_000);
    // The event loop is blocked, and no timer fires.
    const late = times(257, clock);
    expect(late[0]).not.toBe(machineLife.now());
    expect(late.at(-1)).toBe(machineLife.now());
  });

  it('stops sharing when the hits of one turn turn out to be far apart', () => {
    const { clock, to } = machine();
    times(10, clock);
    const apart = (): boolean => {
      to(10);
      return clock.now() !== machineLife.now();
    };
    const late = Array.from({ length: 400 }, apart);
    expect(late.lastIndexOf(true)).toBeLessThan(256);
    expect(late[0]).toBe(true);
  });

  it('sets one timer for the end of the turn, however long the turn takes', () => {
    const { clock, to } = machine();
    const timers = jest.mocked(machineLife.setTimeout).mock.calls;
    for (let i = 0; i < 100; i++) {
      times(50, clock);
      to(10);
    }
    expect(timers).toHaveLength(1);
  });

  it('shares no reading with the next turn of the event loop', () => {
    const { clock, to, turn } = machine();
    times(30, clock);
    to(5);
    turn();
    expect(clock.now()).toBe(machineLife.now());
    const first = clock.now();
    to(1);
    expect(clock.now()).toBe(first + 1);
  });

  it('is exact with any other clock, and with fake timers', () => {
    const manual = new ManualClock();
    const clock = coarseClock(manual);
    times(1000, clock);
    manual.jump('1ms');
    expect(clock.now()).toBe(manual.now());

    const faked = coarseClock(machineLife);
    times(1000, faked);
    jest.useFakeTimers();
    try {
      expect(faked.now()).toBe(Date.now());
      times(1000, faked);
      jest.setSystemTime(Date.now() + 60_000);
      expect(faked.now()).toBe(Date.now());
    } finally {
      jest.useRealTimers();
    }
  });
});
