import { CacheManager, ConfigurationError } from 'aurora-cache';
import { createPerformanceApi } from 'aurora-cache/http';
import {
  prometheusMetrics,
  type MetricsRegistry,
  type PrometheusHandler,
} from 'aurora-cache/prometheus';
import { collectDefaultMetrics, Counter, Registry, type RegistryContentType } from 'prom-client';

import { parse, type Exposition } from '../../support/exposition.js';

const request = new Request('http://localhost/metrics');
const scrape = async (metrics: PrometheusHandler): Promise<Exposition> =>
  parse(await (await metrics(request)).text());

describe("a registry of the caller's", () => {
  it('has ours beside its own, in both formats', async () => {
    for (const type of [Registry.PROMETHEUS_CONTENT_TYPE, Registry.OPENMETRICS_CONTENT_TYPE]) {
      const registry = new Registry<RegistryContentType>() as MetricsRegistry;
      registry.setContentType(type as never);
      collectDefaultMetrics({ register: registry });
      registry.setDefaultLabels({ service: 'shop' });
      const cache = new CacheManager({ name: 'a' });
      const metrics = prometheusMetrics({ registry, caches: [cache], prefix: 'shop_' });
      await cache.get('x');
      for (let i = 0; i < 2; i++) {
        const response = await metrics(request);
        const text = await response.text();
        expect(response.headers.get('content-type')).toBe(type);
        expect(text).toContain('process_cpu_seconds_total');
        expect(text).toContain('shop_cache_misses_total{cache="a",service="shop"} 1');
      }
      registry.resetMetrics();
      expect(await registry.metrics()).toContain('shop_cache_misses_total{');
    }
  });

  it('takes them once', () => {
    const registry = new Registry();
    const caches = [new CacheManager({ name: 'a' })];
    prometheusMetrics({ registry, caches });
    expect(() => prometheusMetrics({ registry, caches })).toThrow(ConfigurationError);
    expect(() => prometheusMetrics({ registry, caches })).toThrow(
      /already has a metric cache_hits_total.*prefix/,
    );
    prometheusMetrics({ registry, caches, prefix: 'second_' });
  });

  it('can take them again once they are closed, in both formats', async () => {
    for (const type of [Registry.PROMETHEUS_CONTENT_TYPE, Registry.OPENMETRICS_CONTENT_TYPE]) {
      const registry = new Registry<RegistryContentType>() as MetricsRegistry;
      registry.setContentType(type as never);
      new Counter({ name: 'theirs_total', help: 'Theirs.', registers: [registry] });
      const before = registry.getMetricsAsArray().length;
      const caches = [new CacheManager({ name: 'one' })];
      for (let i = 0; i < 3; i++) {
        const metrics = prometheusMetrics({ registry, caches });
        expect(await (await metrics(request)).text()).toContain(
          'cache_misses_total{cache="one"} 0',
        );
        metrics.close();
        metrics.close();
        expect(registry.getMetricsAsArray()).toHaveLength(before);
      }
      const first = prometheusMetrics({ registry, caches });
      first.close();
      prometheusMetrics({ registry, caches });
      // It takes out its own alone.
      first.close();
      expect(await registry.metrics()).toContain('cache_misses_total{cache="one"} 0');
    }
  });

  it('can be closed where there is no registry', async () => {
    const metrics = prometheusMetrics({ caches: [new CacheManager()] });
    expect((await scrape(metrics)).lines.length).toBeGreaterThan(0);
    metrics.close();
    expect((await scrape(metrics)).lines).toEqual([]);
  });

  it('takes all or none', () => {
    const registry = new Registry();
    new Counter({ name: 'http_requests_total', help: 'Theirs.', registers: [registry] });
    expect(() => prometheusMetrics({ registry })).toThrow('http_requests_total');
    expect(registry.getMetricsAsArray().length).toBe(1);
  });

  it('shows the requests of one API', async () => {
    const registry = new Registry();
    const failures: string[] = [];
    const logger = { warn: (message: string) => failures.push(message) };
    const metrics = prometheusMetrics({ registry });
    const cache = new CacheManager();
    const api = createPerformanceApi({ cache, prometheus: metrics });
    const other = createPerformanceApi({ cache, prometheus: metrics, logger });
    expect((await api.handle(request))?.status).toBe(200);
    expect((await other.handle(request))?.status).toBe(500);
    expect(failures).toEqual([expect.stringContaining('requests of another API')]);
    expect((await api.handle(request))?.status).toBe(200);
  });
});
