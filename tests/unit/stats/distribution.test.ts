import fc from 'fast-check';

import { Distribution } from '../../../src/stats/distribution.js';
import { addSnapshot, countUpTo, percentileOf } from '../../../src/stats/percentiles.js';

const of = (values: readonly number[]): Distribution => {
  const distribution = new Distribution();
  for (const value of values) distribution.record(value);
  return distribution;
};
/** The percentile of the values themselves, to the microsecond in which they are kept. */
const exact = (values: readonly number[], percent: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return Math.round((sorted[rank - 1] ?? 0) * 1000) / 1000;
};

const values = fc.array(fc.double({ min: 0.001, max: 3_600_000, noNaN: true }), { minLength: 1 });
const times = fc.oneof(
  values,
  fc.array(fc.double({ min: 0.001, max: 5, noNaN: true }), { minLength: 1 }),
);

describe('a distribution', () => {
  it('gives percentiles that are at most 1.6 % off', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 100 }), (all, percent) => {
        const expected = exact(all, percent);
        expect(Math.abs(percentileOf(of(all).snapshot(), percent) - expected)).toBeLessThanOrEqual(
          expected / 64 + 0.0011,
        );
      }),
    );
  });

  it('is the same whether its values came to one or to several, whole or over the wire', () => {
    fc.assert(
      fc.property(fc.array(times, { minLength: 1, maxLength: 4 }), (parts) => {
        const whole = of(parts.flat());
        const direct = new Distribution();
        const wired = new Distribution();
        for (const part of parts) {
          addSnapshot(direct, of(part).snapshot());
          addSnapshot(wired, JSON.parse(JSON.stringify(of(part).snapshot())) as never);
        }
        for (const { count, max, sum, buckets } of [direct.snapshot(), wired.snapshot()]) {
          expect({ count, max, buckets }).toEqual({
            count: whole.count,
            max: whole.max,
            buckets: whole.snapshot().buckets,
          });
          expect(sum).toBeCloseTo(whole.sum, 3);
        }
      }),
    );
  });

  it('counts how many did not exceed a bound', () => {
    const all = of([1, 2, 3, 50, 400]);
    expect([0.5, 10, 100, 1e9].map((ms) => countUpTo(all.snapshot(), ms))).toEqual([0, 3, 4, 5]);
  });

  it('passes over buckets that do not exist', () => {
    const distribution = new Distribution();
    addSnapshot(distribution, {
      count: 9,
      sum: 1,
      max: 1,
      buckets: [-1, 5, 1e6, 5, 0.5, 5, 3, 2, 4],
    });
    expect(distribution.count).toBe(2);
    expect(distribution.snapshot().buckets).toEqual([3, 2]);
  });
});
