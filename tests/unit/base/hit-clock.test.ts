import { HitClock, hitClock } from '../../../src/base/hit-clock.js';
import { machineLife } from '../../../src/base/life-clock.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

describe('the clock of hits', () => {
  /** A machine whose time stands still until it is told, and whose timers fire when they are told. */
  function machine(): {
    clock: HitClock;
    readings: () => number;
    to(ms: number): void;
    turn(): void;
  } {
    let time = 1_700_000_000_000;
    const timers: (() => void)[] = [];
    const now = jest.spyOn(machineLife, 'now').mockImplementation(() => time);
    jest.spyOn(machineLife, 'setTimeout').mockImplementation((callback) => timers.push(callback));
    return {
      clock: new HitClock(machineLife),
      readings: () => now.mock.calls.length,
      to: (ms) => (time += ms),
      turn: () => timers.splice(0).forEach((fire) => fire()),
    };
  }

  const times = (count: number, clock: HitClock): number[] =>
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

  it('lets more hits share a reading while they take no time, but never more than 256', () => {
    const { clock, readings, to } = machine();
    times(10, clock);
    const shared: number[] = [];
    for (let hits = 0, before = readings(); shared.length < 6; hits++) {
      times(1, clock);
      if (readings() === before) continue;
      shared.push(hits);
      [hits, before] = [-1, readings()];
    }
    expect(shared.slice(1)).toEqual([64, 128, 256, 256, 256]);
    to(10_000);
    // The loop is blocked, and no timer fires.
    const late = times(257, clock);
    expect(late.at(-1)).toBe(machineLife.now());
  });

  it('lets no more than 32 share it when a millisecond has passed meanwhile', () => {
    const { clock, readings, to } = machine();
    times(5000, clock);
    to(1);
    for (const before = readings(); readings() === before;) times(1, clock);
    to(10_000);
    const late = times(33, clock);
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
    const late = Array.from({ length: 100 }, apart);
    expect(late.lastIndexOf(true)).toBeLessThan(32);
    expect(late[0]).toBe(true);
  });

  it('asks to be told of the next turn once, however long this one takes', () => {
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
    const clock = hitClock(manual);
    times(1000, clock);
    manual.jump('1ms');
    expect(clock.now()).toBe(manual.now());

    const faked = hitClock(machineLife);
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
