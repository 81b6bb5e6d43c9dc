import { cached, CacheManager, configureCache, timed } from 'aurora-cache';
import { createPerformanceApi } from 'aurora-cache/http';
import { prometheusMetrics, type PrometheusHandler } from 'aurora-cache/prometheus';
import { FaultStore, ManualClock } from 'aurora-cache/testing';

import { parse, type Exposition } from '../../support/exposition.js';
import { deferred, flush } from '../cache/harness.js';

const request = new Request('http://localhost/metrics');
const scrape = async (metrics: PrometheusHandler): Promise<Exposition> =>
  parse(await (await metrics(request)).text());

const LABELS = new Set(['cache', 'tier', 'method', 'route', 'status', 'le']);

function expectBounded({ lines }: Exposition): void {
  for (const { labels } of lines) {
    expect(Object.keys(labels).filter((label) => !LABELS.has(label))).toEqual([]);
  }
}

describe('the metrics of a cache', () => {
  it('are its statistics, and only grow', async () => {
    const clock = new ManualClock();
    const cache = new CacheManager({ name: 'users', maxMemoryItems: 2, clock });
    const metrics = prometheusMetrics({ caches: [cache] });
    expect((await scrape(metrics)).value('cache_hits_total', { tier: 'memory' })).toBe(0);

    for (const key of ['a', 'b', 'c', 'c']) await cache.getOrSet(key, () => 1);
    await cache.getOrSet('bad', () => Promise.reject(new Error('no'))).catch(() => undefined);
    const pending = deferred<number>();
    const loading = cache.getOrSet('d', () => pending.promise);
    await flush();

    const seen = await scrape(metrics);
    expectBounded(seen);
    expect(
      Object.fromEntries(
        [
          ...['cache_hits_total', 'cache_misses_total', 'cache_size', 'cache_size_limit'],
          ...['cache_evictions_total', 'cache_loads_total', 'cache_load_errors_total'],
          ...['cache_loads_in_flight', 'cache_degraded', 'cache_enabled'],
        ].map((name) => [name, seen.value(name, { cache: 'users' })]),
      ),
    ).toEqual({
      cache_hits_total: 1,
      cache_misses_total: 4, // that of `d` is not over
      cache_size: 2,
      cache_size_limit: 2,
      cache_evictions_total: 1,
      cache_loads_total: 5,
      cache_load_errors_total: 1,
      cache_loads_in_flight: 1,
      cache_degraded: 0,
      cache_enabled: 1,
    });
    pending.resolve(1);
    await loading;

    const later = await scrape(metrics);
    for (const { name, labels, value } of seen.lines) {
      if (seen.types.get(name) !== 'counter') continue;
      expect(later.value(name, labels)).toBeGreaterThanOrEqual(value);
    }
    expect(later.value('cache_loads_in_flight')).toBe(0);
  });

  it('stay when it is closed', async () => {
    const cache = new CacheManager({ name: 'gone' });
    const metrics = prometheusMetrics({ caches: [cache] });
    await cache.getOrSet('a', () => 1);
    await cache.get('a');
    await cache.close();
    const seen = await scrape(metrics);
    expect(seen.value('cache_hits_total')).toBe(1);
    expect(seen.value('cache_size')).toBe(0);
    expect(seen.value('cache_enabled')).toBe(0);
  });

  it('tell the tiers apart, and a store that is away', async () => {
    const clock = new ManualClock();
    const store = new FaultStore({ clock });
    const cache = new CacheManager({ name: 'two', store, clock, memory: false });
    const metrics = prometheusMetrics({ caches: [cache] });
    await cache.set('a', 1);
    await cache.get('a');
    const before = await scrape(metrics);
    expect(before.lines.filter(({ name }) => name === 'cache_hits_total')).toEqual([
      { name: 'cache_hits_total', labels: { cache: 'two', tier: 'shared' }, value: 1 },
    ]);
    expect(before.value('cache_breaker_state', { status: 'closed' })).toBe(1);

    store.inject({ on: ['get'], error: new Error('connection lost') });
    for (let i = 0; i < 10; i++) await cache.get('a');
    const after = await scrape(metrics);
    expect(after.value('cache_breaker_state', { status: 'closed' })).toBe(0);
    expect(after.value('cache_breaker_state', { status: 'open' })).toBe(1);
    expect(after.value('cache_degraded')).toBe(1);
    expect(after.value('cache_errors_total')).toBeGreaterThan(0);
    await cache.close();
  });

  it('stand beside those of others; a namespace has none', async () => {
    const a = new CacheManager({ name: 'a' });
    const b = new CacheManager({ name: 'b "\\\n' });
    await a.get('x');
    const seen = await scrape(prometheusMetrics({ caches: [a, b, a.namespace('tenant')] }));
    expect(seen.value('cache_misses_total', { cache: 'a' })).toBe(1);
    expect(seen.value('cache_misses_total', { cache: 'b "\\\n' })).toBe(0);
    expect(() => prometheusMetrics({ caches: [a, new CacheManager({ name: 'a' })] })).toThrow(
      "prometheusMetrics: two caches are named 'a'.",
    );
  });

  it("are the default cache's unless others are named", async () => {
    const metrics = prometheusMetrics();
    await configureCache({ name: 'first' }).get('x');
    expect((await scrape(metrics)).value('cache_misses_total', { cache: 'first' })).toBe(1);
    configureCache({ name: 'second' });
    expect((await scrape(metrics)).value('cache_misses_total', { cache: 'second' })).toBe(0);
  });
});

describe('the metrics of methods', () => {
  it('have histograms that add up', async () => {
    const clock = new ManualClock();
    const cache = new CacheManager({ clock });
    const times = [3, 3, 40, 700, 20_000];
    const load = cached(
      async (ms: number) => {
        await clock.advance(`${ms}ms`);
        return ms;
      },
      { name: 'load', cache },
    );
    for (const [i, ms] of times.entries()) await load(ms + i / 1000);
    await load(3);
    const seen = await scrape(prometheusMetrics({ caches: [cache], buckets: [0.005, 0.05, 1] }));
    const name = 'cache_load_duration_seconds';
    const labels = { cache: 'default', method: 'load' };
    expect(seen.types.get(name)).toBe('histogram');
    const bucket = (le: string): number | undefined =>
      seen.value(`${name}_bucket`, { ...labels, le });
    expect(['0.005', '0.05', '1', '+Inf'].map(bucket)).toEqual([2, 3, 4, 5]);
    expect(seen.value(`${name}_count`, labels)).toBe(5);
    expect(seen.value(`${name}_sum`, labels)).toBeCloseTo(20.746, 2);
    expect(seen.value('cache_method_hits_total', labels)).toBe(1);
    expect(seen.value('cache_method_misses_total', labels)).toBe(5);
  });

  it('have the time that hits saved, which never falls', async () => {
    const clock = new ManualClock();
    const cache = new CacheManager({ name: 'saving', clock });
    let ms = 1000;
    const find = cached(
      async (_id: number) => {
        await clock.advance(`${ms}ms`);
        return 1;
      },
      { name: 'find', cache },
    );
    const metrics = prometheusMetrics({ caches: [cache] });
    const saved = async (): Promise<number | undefined> =>
      (await scrape(metrics)).value('cache_method_time_saved_seconds_total', { method: 'find' });
    for (const id of [1, 1, 1]) await find(id);
    expect(await saved()).toBe(2);
    ms = 1;
    for (let id = 2; id < 100; id++) await find(id);
    expect(await saved()).toBe(2);
  });

  it('show timed methods', async () => {
    const call = timed((fails: boolean) => {
      if (fails) throw new Error('no');
    });
    const name = 'timedInMetrics';
    const named = timed(call, { name });
    named(false);
    expect(() => {
      named(true);
    }).toThrow();
    const seen = await scrape(prometheusMetrics());
    expect(seen.value('timed_call_duration_seconds_count', { method: name })).toBe(2);
    expect(seen.value('timed_call_errors_total', { method: name })).toBe(1);
    expect(seen.value('timed_calls_in_flight', { method: name })).toBe(0);
  });

  it('name 500 methods, and add up all the others', async () => {
    const cache = new CacheManager({ name: 'many' });
    for (let i = 0; i < 5000; i++) {
      await cached(() => Promise.resolve(i), { name: `method${i}`, cache })();
    }
    await cached(() => Promise.resolve(1), { name: 'other', cache })();
    const { lines, value } = await scrape(prometheusMetrics({ caches: [cache], buckets: [1] }));
    const misses = lines.filter(({ name }) => name === 'cache_method_misses_total');
    expect(misses.length).toBe(501);
    expect(value('cache_method_misses_total', { method: 'other' })).toBe(4501);
    expect(value('cache_load_duration_seconds_count', { method: 'other' })).toBe(4501);
  });
});

describe('the metrics of requests', () => {
  it('are those of the API that has the handler', async () => {
    const cache = new CacheManager({ name: 'api' });
    const metrics = prometheusMetrics({ buckets: [0.1, 1] });
    const api = createPerformanceApi({ cache, prometheus: metrics });
    const other = createPerformanceApi({ cache, prometheus: metrics });
    api.recorder.inFlight = 5;
    api.recorder.end('GET', '/users/1?token=secret', '/users/:id', 200, false, 50);
    api.recorder.end('GET', '/users/2', '/users/:id', 404, false, 500);
    api.recorder.end('GET', '/users/3', '/users/:id', 503, false, 5000);
    api.recorder.end('GET', '/users/4', '/users/:id', 200, true, 5000);

    const response = await api.handle(new Request('http://localhost/metrics'));
    expect(response?.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response?.headers.get('cache-control')).toBe('no-store');
    const text = (await response?.text()) ?? '';
    expect(text).not.toContain('secret');
    const seen = parse(text);
    expectBounded(seen);
    const labels = { method: 'GET', route: '/users/:id' };
    const ended = (status: string): number | undefined =>
      seen.value('http_requests_total', { ...labels, status });
    expect(['2xx', '3xx', '4xx', '5xx', 'aborted'].map(ended)).toEqual([1, undefined, 1, 1, 1]);
    expect(seen.value('http_requests_in_flight')).toBe(1);
    expect(seen.value('http_slow_requests_total')).toBe(2);
    const name = 'http_request_duration_seconds';
    expect(seen.value(`${name}_bucket`, { ...labels, le: '0.1' })).toBe(1);
    expect(seen.value(`${name}_bucket`, { ...labels, le: '1' })).toBe(2);
    expect(seen.value(`${name}_count`, labels)).toBe(4);

    const theirs = await other.handle(new Request('http://localhost/metrics'));
    expect(parse((await theirs?.text()) ?? '').value('http_requests_in_flight')).toBe(0);
  });

  it('keep to their bounds for arbitrary requests', async () => {
    const api = createPerformanceApi({ cache: new CacheManager() });
    for (let i = 0; i < 20_000; i++) {
      api.recorder.end(`M${i}`, `/${i}`, `/route-${i}"\n`, (i * 7) % 2000, false, 1);
    }
    const { lines } = await scrape(prometheusMetrics({ api, buckets: [1] }));
    expect(lines.filter(({ name }) => name === 'http_requests_total').length).toBeLessThan(1100);
  });
});

describe('the options of prometheusMetrics', () => {
  it.each([
    [{ prefx: 'a' }, "there is no option 'prefx'. Did you mean 'prefix'?"],
    [{ prefix: 'a-b' }, 'prefix must be the beginning'],
    [{ caches: [] }, 'caches must be a non-empty array of CacheManagers'],
    [{ caches: [{}] }, 'caches must be a non-empty array of CacheManagers'],
    [{ registry: {} }, 'registry must be a Registry of prom-client'],
    [{ api: {} }, 'api must be the result of createPerformanceApi()'],
    [{ buckets: [1, 1] }, 'buckets must be'],
    [{ buckets: [0, 1] }, 'buckets must be'],
    [{ buckets: [] }, 'buckets must be'],
    [{ buckets: ['1'] }, 'buckets must be'],
  ])('%j is refused', (options, message) => {
    expect(() => prometheusMetrics(options as never)).toThrow(message);
  });
});
