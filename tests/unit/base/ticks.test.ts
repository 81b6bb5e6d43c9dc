import { fromTicks, toTicks } from '../../../src/base/time/ticks.js';

describe('ticks', () => {
  it.each([0, 1234.5, Date.now(), Date.now() + 0.25, Date.now() + 2 ** 33, Infinity, -Infinity])(
    'lead back to the time that they stand for: %d',
    (time) => {
      expect(fromTicks(toTicks(time))).toBe(time);
    },
  );

  it('are small integers for a process that has run for days', () => {
    const day = toTicks(Date.now() + 20 * 86_400_000);
    expect(day).toBe(day | 0);
  });

  it('keep the order of times', () => {
    const times = [0, 1.5, Date.now() - 2 ** 32, Date.now(), Date.now() + 2 ** 32, Infinity];
    const ticks = times.map(toTicks);
    expect(ticks).toEqual([...ticks].sort((a, b) => a - b));
  });
});
