import { mixed } from '../../../../src/memory/eviction/seeded-hash.js';
import { Trial } from '../../../../src/memory/eviction/trial.js';
import { randomFrom } from '../../../support/eviction-model.js';

/** Lets a trial see the keys of a sample of 32 entries, and returns its choice after each of them. */
function choices(accesses: number, key: (i: number) => number): number[] {
  const trial = new Trial(false);
  trial.fit(1024, 1024);
  return Array.from({ length: accesses }, (_, i) => {
    const access = { hash: mixed(key(i) + 1), size: 1, weight: 1, life: Infinity, now: i };
    trial.access(access);
    return trial.best;
  });
}

/** Keys that are read about four times in short order, and never again. */
function bursts(): () => number {
  const random = randomFrom(1);
  const active = Array.from({ length: 12 }, (_, i) => i);
  let next = active.length;
  return () => {
    const place = Math.floor(active.length * random());
    const key = active[place] ?? 0;
    if (random() < 0.25) active[place] = next++;
    return key;
  };
}

describe('a trial of settings', () => {
  it('compares the setting in use with the others over the same accesses', () => {
    // A loop over more keys than there is room for: the least recency is best, from the start.
    const best = choices(1300, (i) => i % 80);
    expect(best[1299]).toBe(0);
    expect(best.indexOf(0)).toBeLessThan(1000);
  });

  it('chooses early where a setting is far better', () => {
    const best = choices(400, bursts());
    expect(best[150]).toBe(1);
    expect(best[310]).toBeGreaterThan(1);
  });

  it('waits for the end of the period where they differ little', () => {
    const random = randomFrom(1);
    const best = choices(319, () => Math.floor(400 * random() ** 2));
    expect(new Set(best)).toEqual(new Set([1]));
  });
});
