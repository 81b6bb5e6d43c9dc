import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cached, CacheManager, timed } from 'aurora-cache';
import { createPerformanceApi, performanceMiddleware, toNodeListener } from 'aurora-cache/http';
import { prometheusMetrics } from 'aurora-cache/prometheus';
import { RedisStore } from 'aurora-cache/redis';

import { lint, PrometheusServer } from '../../support/prometheus.js';
import { RedisServer, stopServers, until } from '../../support/redis/server.js';

let redis: RedisServer;
let store: RedisStore;
let caches: CacheManager[];
let server: Server;
let target: string;
let prometheus: PrometheusServer | undefined;

beforeAll(async () => {
  redis = await RedisServer.start();
  store = new RedisStore(redis.url);
  const users = new CacheManager({ name: 'users', store });
  caches = [users, new CacheManager({ name: 'products' })];
  const api = createPerformanceApi({ cache: users, prometheus: prometheusMetrics({ caches }) });
  const time = performanceMiddleware({ api, route: () => '/users/:id' });
  const routes = toNodeListener(api);
  const find = cached((id: string) => Promise.resolve(id), { name: 'find', cache: users });
  const call = timed(find, { name: 'call' });
  server = createServer((request, response) => {
    if (request.url !== '/metrics') time(request, response);
    routes(request, response, () => {
      void call(request.url ?? '').then((id) => response.end(id));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  target = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});

afterAll(async () => {
  await prometheus?.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  for (const cache of caches) await cache.close();
  await store.disconnect();
  await stopServers();
});

const visit = async (id: number): Promise<void> => {
  await (await fetch(`http://${target}/users/${String(id)}`)).text();
};
const metrics = async (): Promise<string> => await (await fetch(`http://${target}/metrics`)).text();

describe('promtool', () => {
  it('has nothing to say about the metrics, before and after traffic', async () => {
    expect(lint(await metrics())).toBe('');
    for (let i = 0; i < 20; i++) await visit(i % 4);
    const text = await metrics();
    expect(text).toContain('http_requests_total{method="GET",route="/users/:id",status="2xx"} 20');
    // Absent until the keys have been counted.
    const shared = 'cache_size{cache="users",tier="shared"}';
    await until('the keys are counted', async () => (await metrics()).includes(shared));
    expect(lint(await metrics())).toBe('');
  });

  it('would have, if they were wrong', () => {
    expect(lint('# TYPE cache_hits counter\ncache_hits 1\n')).toMatch(/cache_hits/);
  });
});

describe('a real Prometheus', () => {
  it('scrapes, and evaluates the queries of the documentation', async () => {
    const server = (prometheus = await PrometheusServer.start(target));
    const one = async (query: string): Promise<number> => {
      const results = await server.query(query);
      return results.length === 1 ? results[0]!.value : NaN;
    };
    await until('the target is up', async () => (await one('up{job="service"}')) === 1);
    await until('hits have a rate', async () => {
      for (let i = 0; i < 10; i++) await visit(i % 4);
      return (await one('rate(cache_hits_total{cache="users",tier="memory"}[1m])')) > 0;
    });
    const ratio =
      'sum by (cache) (rate(cache_hits_total[1m])) / (sum by (cache) (rate(cache_hits_total[1m])) ' +
      '+ sum by (cache) (rate(cache_misses_total[1m]))) > 0';
    expect(await server.query(ratio)).toEqual([{ labels: { cache: 'users' }, value: 1 }]);
    const p99 = 'sum by (le, route) (rate(http_request_duration_seconds_bucket[1m]))';
    const slowest = await one(`histogram_quantile(0.99, ${p99})`);
    expect(slowest).toBeGreaterThan(0);
    expect(slowest).toBeLessThan(10);
    // After a scrape that failed, there is no present value.
    await until('the size is known', async () => {
      return (await one('cache_size{cache="users",tier="memory"}')) === 4;
    });
    await until('the breaker is known', async () => {
      return (await one('sum(cache_breaker_state{cache="users",status="closed"})')) === 1;
    });
  });
});
