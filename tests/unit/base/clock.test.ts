import { systemClock } from '../../../src/base/time/clock.js';

describe('systemClock', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it("returns the machine's time", () => {
    const before = [Date.now(), performance.now()] as const;
    const now = systemClock.now();
    const monotonic = systemClock.monotonic();
    expect(now).toBeGreaterThanOrEqual(before[0]);
    expect(now).toBeLessThanOrEqual(Date.now());
    expect(monotonic).toBeGreaterThanOrEqual(before[1]);
    expect(monotonic).toBeLessThanOrEqual(performance.now());
  });

  it("returns the time of fake timers, and the machine's again after them", () => {
    const before = systemClock.monotonic();
    jest.useFakeTimers({ now: 5_000 });
    const began = systemClock.monotonic();
    const fired: number[] = [];
    systemClock.setTimeout(() => fired.push(systemClock.now()), 250);
    jest.advanceTimersByTime(1_000);
    expect(systemClock.now()).toBe(6_000);
    expect(systemClock.monotonic() - began).toBe(1_000);
    expect(fired).toEqual([5_250]);
    jest.useRealTimers();
    const elapsed = systemClock.monotonic() - before;
    expect(elapsed).toBeGreaterThanOrEqual(0);
    expect(elapsed).toBeLessThanOrEqual(performance.now() - before);
  });

  it('fires no timer that was cleared', () => {
    jest.useFakeTimers();
    let fired = 0;
    systemClock.clearTimeout(systemClock.setTimeout(() => fired++, 10));
    jest.advanceTimersByTime(20);
    expect(fired).toBe(0);
  });
});
