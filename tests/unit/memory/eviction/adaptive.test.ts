import { Reader, hitRateDuringScan, zipf } from '../../../support/eviction-workloads.js';
import { randomFrom } from '../../../support/eviction-model.js';

function compare(
  maxItems: number,
  reads: number,
  keys: (random: () => number) => (i: number) => string,
) {
  const [adaptive = 0, lru = 0] = (['adaptive', 'lru'] as const).map((eviction) =>
    new Reader(eviction, maxItems).hitRate(reads, keys(randomFrom(1))),
  );
  return adaptive - lru;
}

describe('adaptive eviction', () => {
  it('keeps what is read often', () => {
    const gain = compare(200, 100_000, (random) => {
      const rank = zipf(10_000, random);
      return () => `k${rank()}`;
    });
    expect(gain).toBeGreaterThan(5);
  });

  it('keeps a part of a loop that is larger than the store', () => {
    expect(compare(200, 40_000, () => (i) => `k${i % 300}`)).toBeGreaterThan(40);
  });

  it('keeps what was read last, where that is read again', () => {
    // Each key is read three times within 150 reads, and never again.
    const gain = compare(200, 60_000, (random) => (i) => `k${Math.floor(i / 3 - 50 * random())}`);
    expect(gain).toBeGreaterThan(-3);
  });

  it('turns to other keys when they become popular', () => {
    const gain = compare(200, 120_000, (random) => {
      const rank = zipf(5000, random);
      return (i) => `k${Math.floor(i / 30_000)}:${rank()}`;
    });
    expect(gain).toBeGreaterThan(3);
  });

  it('a scan does not drive out a hot set of half the store', () => {
    expect(hitRateDuringScan(100_000)).toBeGreaterThan(98);
  });

  it('keys that collide under other secrets harm no hot set', () => {
    const random = randomFrom(1);
    const reader = new Reader('adaptive', 1000);
    const hot = (): string => `hot${Math.floor(500 * random())}`;
    reader.hitRate(20_000, hot);
    let hits = 0;
    for (let i = 0; i < 60_000; i++) {
      const bits = i.toString(2).padStart(16, '0');
      reader.read(bits.replaceAll('0', 'Aa').replaceAll('1', 'BB'));
      if (reader.read(hot())) hits++;
    }
    expect((100 * hits) / 60_000).toBeGreaterThan(98);
  });
});
