import { setUp } from './harness.js';

describe('jitter', () => {
  async function lifeInMs(random: number, jitter: number): Promise<number> {
    const { cache, core, clock } = setUp({ random: () => random, jitter });
    await cache.set('key', 1, { ttl: 100 });
    return (core.memory?.find('key')?.freshUntil ?? 0) - clock.now();
  }

  it.each([
    [0, 0.1, 100_000],
    [0.5, 0.1, 95_000],
    [0.999, 0.1, 90_010],
    [0.5, 1, 50_000],
    [0.5, 0, 100_000],
  ])('with random %p, a jitter of %p leaves %p of 100,000 ms', async (random, jitter, life) => {
    expect(await lifeInMs(random, jitter)).toBe(life);
  });

  it('never takes a life altogether', async () => {
    expect(await lifeInMs(1, 1)).toBe(1);
  });

  it('spreads entries that are stored together, and never prolongs a life', async () => {
    const { cache, core, clock } = setUp();
    const ends = new Set<number>();
    for (let i = 0; i < 200; i++) {
      await cache.getOrSet(`key${i}`, () => i, { ttl: 100, jitter: 0.2 });
      const left = (core.memory?.find(`key${i}`)?.freshUntil ?? 0) - clock.now();
      expect(left).toBeGreaterThanOrEqual(80_000);
      expect(left).toBeLessThanOrEqual(100_000);
      ends.add(left);
    }
    expect(ends.size).toBeGreaterThan(100);
  });

  it('a call can turn it off', async () => {
    const { cache, core, clock } = setUp({ jitter: 1, random: () => 0.9 });
    await cache.set('key', 1, { ttl: 100, jitter: 0 });
    expect(core.memory?.find('key')?.freshUntil).toBe(clock.now() + 100_000);
  });
});
