import type { Bucket, Stats } from '../../../dashboard/responses.js';
import { History, type Moment } from '../../../dashboard/history.js';
import { sampleOf } from '../../../dashboard/samples.js';

interface Counts {
  hits?: number;
  misses?: number;
  requests?: number;
  buckets?: readonly Bucket[];
  instances?: number;
}

const stats = ({
  hits = 0,
  misses = 0,
  requests = 0,
  buckets = [],
  instances = 1,
}: Counts): Stats =>
  ({
    instances,
    cache: { hits, misses },
    requests: { total_requests: requests, duration_buckets: buckets },
  }) as unknown as Stats;

const NOTHING = { hitRate: null, rate: null, p50: null, p90: null, p99: null };

describe('what happened between two responses', () => {
  it('is the difference of the counters', () => {
    const before = stats({ hits: 10, misses: 10, requests: 100 });
    const after = stats({ hits: 40, misses: 20, requests: 150 });
    expect(sampleOf(before, after, 2)).toMatchObject({ hitRate: 75, rate: 25 });
  });

  it('has the percentiles of the requests in between alone', () => {
    const before = stats({ requests: 1000, buckets: [[5, 1000]] });
    const buckets: Bucket[] = [
      [0.001, 60],
      [0.01, 35],
      [0.1, 5],
      [5, 1000],
    ];
    const after = stats({ requests: 1100, buckets });
    expect(sampleOf(before, after, 1)).toMatchObject({ p50: 0.001, p90: 0.01, p99: 0.1 });
  });

  it('has no hit rate without reads, and no percentiles without requests', () => {
    expect(sampleOf(stats({ hits: 1 }), stats({ hits: 1 }), 2)).toEqual({ ...NOTHING, rate: 0 });
  });

  it.each<[string, Counts, Counts]>([
    ['an instance has restarted', { hits: 10, requests: 5 }, { hits: 1, requests: 1 }],
    ['one has joined', { instances: 1 }, { instances: 2, requests: 1000 }],
    ['one has left', { instances: 2, requests: 10 }, { instances: 1, requests: 11 }],
  ])('is not known when %s', (_, before, after) => {
    expect(sampleOf(stats(before), stats(after), 2)).toEqual(NOTHING);
  });
});

describe('the last responses', () => {
  const at = (seconds: number, wall = seconds): Moment => ({
    steady: seconds * 1000,
    wall: wall * 1000,
  });

  it('are compared with the one before', () => {
    const history = new History();
    expect(history.add(stats({ requests: 10 }), at(0), 0)).toBeUndefined();
    expect(history.add(stats({ requests: 30 }), at(2), 0)).toMatchObject({ rate: 10 });
    expect(history.add(stats({ requests: 30 }), at(4), 0)).toMatchObject({ rate: 0 });
  });

  it('of a fleet, over a longer interval: instances publish every five seconds', () => {
    const history = new History();
    const rates = [];
    for (let second = 0; second <= 60; second += 2) {
      // Each has ten requests in a second, and it is five seconds till the other's are known.
      const requests = 10 * second + 10 * 5 * Math.floor(second / 5);
      rates.push(history.add(stats({ requests, instances: 2 }), at(second), 10_000)?.rate ?? 0);
    }
    expect(new Set(rates.slice(6))).toEqual(new Set([20]));
  });

  it('start again when an instance restarts', () => {
    const history = new History();
    history.add(stats({ requests: 1000 }), at(0), 10_000);
    history.add(stats({ requests: 1002 }), at(2), 10_000);
    expect(history.add(stats({ requests: 4 }), at(4), 10_000)).toEqual(NOTHING);
    expect(history.add(stats({ requests: 14 }), at(6), 10_000)).toMatchObject({ rate: 5 });
  });

  it.each([
    ['the machine has slept', at(2, 1000), 1],
    ['its clock was set back', at(2, -5000), 500],
  ])('are as far apart as the clocks say when %s', (_, then, rate) => {
    const history = new History();
    history.add(stats({}), at(0), 0);
    expect(history.add(stats({ requests: 1000 }), then, 0)).toMatchObject({ rate });
  });
});
