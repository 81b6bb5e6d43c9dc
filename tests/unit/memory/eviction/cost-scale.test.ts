import { CostScale } from '../../../../src/memory/eviction/cost-scale.js';
import { randomFrom } from '../../../support/eviction-model.js';

describe('the scale of costs', () => {
  it('leaves costs as they are where they vary like those of programs', () => {
    const random = randomFrom(1);
    const scale = new CostScale();
    const bimodal = Array.from({ length: 5000 }, () => (random() < 0.1 ? 800 : 1));
    expect(bimodal.map((cost) => scale.of(cost)).slice(1000)).toEqual(bimodal.slice(1000));
  });

  it('takes about the median for a cost that is not known', () => {
    const scale = new CostScale();
    expect(scale.of(undefined)).toBe(1);
    for (let i = 0; i < 1000; i++) scale.of(i % 10 === 0 ? 900 : 20);
    for (const unknown of [undefined, NaN, -1]) {
      expect(scale.of(unknown)).toBeGreaterThan(10);
      expect(scale.of(unknown)).toBeLessThan(40);
    }
  });

  it('limits the costs of an outage', () => {
    const scale = new CostScale();
    for (let i = 0; i < 10_000; i++) scale.of(10);
    const during = Array.from({ length: 100 }, () => scale.of(10_000));
    expect(Math.max(...during)).toBeLessThan(200);
    expect(scale.of(10)).toBe(10);
  });

  it('follows costs that have changed for good', () => {
    const scale = new CostScale();
    for (let i = 0; i < 10_000; i++) scale.of(10);
    for (let i = 0; i < 40_000; i++) scale.of(5000);
    expect(scale.of(5000)).toBe(5000);
    expect(scale.of(undefined)).toBeGreaterThan(2000);
  });

  it('takes what is too short to measure for equal', () => {
    const scale = new CostScale();
    expect([0, 0.001, 0.05].map((cost) => scale.of(cost))).toEqual([0.1, 0.1, 0.1]);
    expect(scale.of(Infinity)).toBeLessThan(10);
  });
});
