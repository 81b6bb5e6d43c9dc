import { CacheManager } from 'aurora-cache';

import { takeSnapshot, type StatsSnapshot } from '../../../src/http/stats/stats-snapshot.js';
import { SnapshotSum } from '../../../src/http/stats/snapshot-sum.js';
import { decodeSnapshot, encodeSnapshot } from '../../../src/http/stats/snapshot-codec.js';
import { statsJson } from '../../../src/http/stats/json.js';
import { Latency } from '../../../src/stats/latency.js';
import { RequestCounters } from '../../../src/stats/request-counters.js';

const requests = new RequestCounters(
  100,
  10,
  () => 0,
  () => undefined,
);
const scope = { scope: 'fleet', instances: 2 } as const;

function merged(own: StatsSnapshot, others: readonly StatsSnapshot[]): StatsSnapshot {
  const sum = new SnapshotSum(own, 10);
  for (const one of others) sum.add(one);
  return sum.get();
}

async function snapshotOf(methods: StatsSnapshot['methods'] = []): Promise<StatsSnapshot> {
  return { ...(await takeSnapshot(new CacheManager(), requests)), methods };
}

const method = (
  name: string,
  hits: number,
  ms: readonly number[],
): StatsSnapshot['methods'][number] => {
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
    const own = await snapshotOf([method('a', 3, [1, 2, 3])]);
    const text = encodeSnapshot(own)!;
    const { maxMemoryBytes: _, ...cache } = own.cache;
    expect(decodeSnapshot(text, own)).toMatchObject({ ...own, cache });
  });

  it('is bounded, and keeps what has most calls', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => method(`m${i}`, i, [i]));
    const own = await snapshotOf(many);
    const text = encodeSnapshot(own)!;
    expect(text.length).toBeLessThan(200_000);
    const read = decodeSnapshot(text, own)!;
    expect(read.methods).toHaveLength(200);
    expect(read.methods[0]?.name).toBe('m19999');
  });

  it('counts as nothing when it is something else', async () => {
    const own = await snapshotOf();
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"v":2}',
      `{"v":1,"x":"${'x'.repeat(1_100_000)}"}`,
    ]) {
      expect(decodeSnapshot(text, own)).toBeUndefined();
    }
    const odd = JSON.stringify({
      v: 1,
      cache: { hits: 'many', misses: -1, degraded: 'yes', breaker: '<b>', name: {} },
      requests: { total: null, routes: [null, 7, { route: 5 }], recentSlow: 'x', durations: [] },
      methods: [{ name: 5, cache: { hits: {} }, timing: null }],
    });
    const read = decodeSnapshot(odd, own)!;
    expect(read.cache).toMatchObject({ hits: 0, misses: 0, degraded: false, breaker: 'closed' });
    expect(JSON.stringify(statsJson(merged(own, [read]), scope))).not.toContain('NaN');
  });

  it.each([
    ['that do not exist', [5000, 1]],
    ['in another order', [9, 1, 3, 1]],
    ['twice', [3, 1, 3, 1]],
    ['without a count', [3]],
    ['that are empty', [3, 0]],
    ['in between', [3.5, 1]],
  ])('counts buckets as nothing %s', async (_, buckets) => {
    const own = await snapshotOf([method('a', 1, [5])]);
    const left = JSON.parse(encodeSnapshot(own)!) as typeof own;
    Object.assign(left.methods[0]!.cache!.loadTimes, { buckets });
    const [read] = decodeSnapshot(JSON.stringify(left), own)!.methods;
    expect(read?.cache?.loadTimes.buckets).toEqual([]);
    expect(JSON.stringify(statsJson({ ...own, methods: [read!] }, scope))).toContain('"p99":0');
  });

  it('adds up: counts, bounds, methods of one name, percentiles of all', async () => {
    const fast = Array.from({ length: 90 }, () => 10);
    const slow = Array.from({ length: 10 }, () => 1000);
    const own = await snapshotOf([method('a', 3, fast), method('b', 1, [5])]);
    const other = decodeSnapshot(encodeSnapshot(await snapshotOf([method('a', 4, slow)]))!, own)!;
    const view = statsJson(merged(own, [other]), scope) as {
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
