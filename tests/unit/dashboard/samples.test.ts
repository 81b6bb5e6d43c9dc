import type { Bucket, Stats } from '../../../dashboard/answers.js';
import { duration } from '../../../dashboard/format.js';
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

describe('what happened between two answers', () => {
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
    ['an instance has begun anew', { hits: 10, requests: 5 }, { hits: 1, requests: 1 }],
    ['one has joined', { instances: 1 }, { instances: 2, requests: 1000 }],
    ['one has left', { instances: 2, requests: 10 }, { instances: 1, requests: 11 }],
  ])('is not known when %s', (_, before, after) => {
    expect(sampleOf(stats(before), stats(after), 2)).toEqual(NOTHING);
  });
});

describe('durations', () => {
  it.each([
    [0, '0 µs'],
    [0.0000421, '42 µs'],
    [0.0123, '12.3 ms'],
    [0.5, '500 ms'],
    [1.5, '1.50 s'],
    [45, '45.0 s'],
    [600, '10.0 min'],
    [86_400, '24.0 h'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(duration(seconds).join(' ')).toBe(text);
  });
});
