import { CacheManager } from 'aurora-cache';

import { localFigures, type Figures } from '../../../src/http/figures.js';
import { FleetSum } from '../../../src/http/merge.js';
import { decodeFigures, encodeFigures } from '../../../src/http/snapshot.js';
import { statsView } from '../../../src/http/views.js';
import { Latency } from '../../../src/stats/latency.js';
import { RequestFigures } from '../../../src/stats/request-figures.js';

const requests = new RequestFigures(
  100,
  10,
  () => 0,
  () => undefined,
);
const scope = { scope: 'fleet', instances: 2 } as const;

function merged(own: Figures, others: readonly Figures[]): Figures {
  const sum = new FleetSum(own, 10);
  for (const one of others) sum.add(one);
  return sum.get();
}

async function figures(methods: Figures['methods'] = []): Promise<Figures> {
  return { ...(await localFigures(new CacheManager(), requests)), methods };
}

const method = (name: string, hits: number, ms: readonly number[]): Figures['methods'][number] => {
  const latency = new Latency();
  for (const one of ms) latency.record(one);
  const loadTimes = latency.snapshot()!;
  const cache = {
    hits,
    misses: 1,
    stale: 0,
    bypasses: 0,
    loads: ms.length,
    loadErrors: 0,
    timeSavedMs: hits * 2,
    loadTimes,
  };
  return { name, cache, timing: undefined };
};

describe('what an instance leaves for the others', () => {
  it('comes back as it was', async () => {
    requests.inFlight = 1;
    requests.end('GET', '/slow', '/slow', 200, false, 500);
    const own = await figures([method('a', 3, [1, 2, 3])]);
    const text = encodeFigures(own)!;
    const { maxMemoryBytes: _, ...cache } = own.cache;
    expect(decodeFigures(text, own)).toMatchObject({ ...own, cache });
  });

  it('is bounded, and keeps what has most calls', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => method(`m${i}`, i, [i]));
    const own = await figures(many);
    const text = encodeFigures(own)!;
    expect(text.length).toBeLessThan(200_000);
    const read = decodeFigures(text, own)!;
    expect(read.methods).toHaveLength(200);
    expect(read.methods[0]?.name).toBe('m19999');
  });

  it('counts as nothing when it is something else', async () => {
    const own = await figures();
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"v":2}',
      `{"v":1,"x":"${'x'.repeat(1_100_000)}"}`,
    ]) {
      expect(decodeFigures(text, own)).toBeUndefined();
    }
    const odd = JSON.stringify({
      v: 1,
      cache: { hits: 'many', misses: -1, degraded: 'yes', breaker: '<b>', name: {} },
      requests: { total: null, routes: [null, 7, { route: 5 }], recentSlow: 'x', durations: [] },
      methods: [{ name: 5, cache: { hits: {} }, timing: null }],
    });
    const read = decodeFigures(odd, own)!;
    expect(read.cache).toMatchObject({ hits: 0, misses: 0, degraded: false, breaker: 'closed' });
    expect(JSON.stringify(statsView(merged(own, [read]), scope))).not.toContain('NaN');
  });

  it.each([
    ['that do not exist', [5000, 1]],
    ['in another order', [9, 1, 3, 1]],
    ['twice', [3, 1, 3, 1]],
    ['without a count', [3]],
    ['that are empty', [3, 0]],
    ['in between', [3.5, 1]],
  ])('counts buckets as nothing %s', async (_, buckets) => {
    const own = await figures([method('a', 1, [5])]);
    const left = JSON.parse(encodeFigures(own)!) as typeof own;
    Object.assign(left.methods[0]!.cache!.loadTimes, { buckets });
    const [read] = decodeFigures(JSON.stringify(left), own)!.methods;
    expect(read?.cache?.loadTimes.buckets).toEqual([]);
    expect(JSON.stringify(statsView({ ...own, methods: [read!] }, scope))).toContain('"p99":0');
  });

  it('adds up: counts, bounds, methods of one name, percentiles of all', async () => {
    const fast = Array.from({ length: 90 }, () => 10);
    const slow = Array.from({ length: 10 }, () => 1000);
    const own = await figures([method('a', 3, fast), method('b', 1, [5])]);
    const other = decodeFigures(encodeFigures(await figures([method('a', 4, slow)]))!, own)!;
    const view = statsView(merged(own, [other]), scope) as {
      cache: object;
      methods: { name: string; time_saved: number; load_times: { p50: number; p99: number } }[];
    };
    expect(view.cache).toMatchObject({ max_size: 2000, ttl: 300, type: 'memory' });
    expect(view.methods.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(view.methods[0]).toMatchObject({ hits: 7, misses: 2, hit_rate: 77.78, loads: 100 });
    expect(view.methods[0]?.time_saved).toBe(0.014);
    expect(view.methods[0]?.load_times.p50).toBeCloseTo(0.01, 3);
    expect(view.methods[0]?.load_times.p99).toBeCloseTo(1, 1);
  });
});
