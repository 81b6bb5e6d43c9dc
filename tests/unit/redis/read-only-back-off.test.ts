import { ManualClock } from 'aurora-cache/testing';

import { ReadOnlyBackOff } from '../../../src/redis/connection/read-only-back-off.js';

const READONLY = new Error("READONLY You can't write against a read only replica.");

describe('Connecting again after READONLY', () => {
  it('happens once, and then after pauses that double up to 30 seconds', async () => {
    const clock = new ManualClock();
    const backOff = new ReadOnlyBackOff(clock);
    const at: number[] = [];
    for (let ms = 0; ms <= 130_000; ms += 500) {
      if (backOff.shouldReconnect(READONLY)) at.push(ms);
      await clock.advance('500ms');
    }
    expect(at).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000, 121_000]);
  });

  it('happens at once after a quiet time: it is another failover', async () => {
    const clock = new ManualClock();
    const backOff = new ReadOnlyBackOff(clock);
    for (let i = 0; i < 6; i++) {
      expect(backOff.shouldReconnect(READONLY)).toBe(true);
      expect(backOff.shouldReconnect(READONLY)).toBe(false);
      await clock.advance('62s');
    }
  });

  it('does not follow other refusals', () => {
    const backOff = new ReadOnlyBackOff(new ManualClock());
    for (const text of ['MISCONF Redis is configured', 'OOM command', 'NOREPLICAS Not enough']) {
      expect(backOff.shouldReconnect(new Error(text))).toBe(false);
    }
    expect(backOff.takeDue()).toBe(false);
    expect(backOff.shouldReconnect(READONLY)).toBe(true);
    expect([backOff.takeDue(), backOff.takeDue()]).toEqual([true, false]);
  });
});
