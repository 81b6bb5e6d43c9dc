import { PlaceRepository } from '../../../examples/places/data.js';
import { requests, type PlannedRequest } from '../../../examples/places/requests.js';
import { randomNumbers, zipf } from '../../../examples/places/zipf.js';

const SEED = 7;

describe('the traffic of the example', () => {
  const next = requests(new PlaceRepository(), randomNumbers(SEED));
  const planned = Array.from({ length: 5000 }, next);
  const share = (wanted: (request: PlannedRequest) => boolean): number =>
    planned.filter(wanted).length / planned.length;
  const shareOf = (form: RegExp): number => share(({ path }) => form.test(path));

  it('mixes existing and missing places', () => {
    expect(share(({ method }) => method === 'PATCH')).toBeCloseTo(0.01, 2);
    expect(shareOf(/^\/search\?q=[^&\s]+$/)).toBeCloseTo(0.15, 1);
    expect(shareOf(/^\/nearest\?lat=-?[\d.]+&lng=-?[\d.]+$/)).toBeCloseTo(0.12, 1);
    expect(shareOf(/^\/countries\/[A-Z]{2}$/)).toBeCloseTo(0.1, 1);
    expect(shareOf(/^\/countries\/[A-Z]{2}\/statistics$/)).toBeCloseTo(0.08, 1);
    expect(shareOf(/^\/places\/\d{1,4}$/)).toBeCloseTo(0.02, 1);
    expect(shareOf(/^\/favicon/)).toBeCloseTo(0.02, 1);
  });

  it('requests few places often, and many rarely', () => {
    const counts = new Map<string, number>();
    const ofPlaces = planned.filter(({ path }) => /^\/places\/\d{5,}$/.test(path));
    for (const { path } of ofPlaces) counts.set(path, (counts.get(path) ?? 0) + 1);
    const sorted = [...counts.values()].sort((a, b) => b - a);
    expect(sorted[0]).toBeGreaterThan(ofPlaces.length / 20);
    expect(sorted.filter((count) => count === 1).length).toBeGreaterThan(sorted.length / 3);
  });
});

describe("Zipf's law", () => {
  it('chooses the n-th 1/n times as often as the first, and nothing else', () => {
    const choose = zipf(4, randomNumbers(SEED));
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 50_000; i++) counts[choose()]!++;
    const [first = NaN, ...rest] = counts;
    rest.forEach((count, i) => {
      expect(count / first).toBeCloseTo(1 / (i + 2), 1);
    });
    expect(counts).toHaveLength(4);
  });
});
