import { setTimeout as sleep } from 'node:timers/promises';
import { cached, CacheManager } from 'aurora-cache';
import { bearerToken, createPerformanceApi, type PerformanceApi } from 'aurora-cache/http';

import { ask } from '../../support/http-client.js';
import { until } from '../../support/redis/server.js';
import { frameworks, PAUSE_MS, stream, type Service } from './frameworks.js';

const TOKEN = 'a long secret';
const number = expect.any(Number) as number;

/** Longer than any other request takes, even on a busy machine. */
const SLOW = '0.8s';
const SLOW_PAUSE_MS = 900;

describe.each(Object.entries(frameworks))('the performance API on %s', (name, start) => {
  let cache: CacheManager;
  let api: PerformanceApi;
  let service: Service;
  const lines: string[] = [];

  beforeEach(async () => {
    lines.length = 0;
    cache = new CacheManager();
    const item = cached((id: string) => Promise.resolve(id), { name: 'item', cache });
    api = createPerformanceApi({
      cache,
      authorize: bearerToken(TOKEN),
      logger: { warn: (line) => lines.push(line) },
      slowRequestThreshold: SLOW,
    });
    service = await start({ api, serverTimingCache: true, work: item, skipped: '/items/skipped' });
  });

  afterEach(async () => {
    await service.close();
    await api.close();
    await cache.close();
  });

  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${service.url}${path}`, init);
  const read = async (path: string): Promise<unknown> => {
    const response = await call(`/api/performance${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    return await response.json();
  };
  const authorization = `Bearer ${TOKEN}`;

  it('serves the shapes of the guide', async () => {
    for (const id of ['1', '1', '2']) expect(await (await call(`/items/${id}`)).text()).toBe(id);
    stream.pauseMs = SLOW_PAUSE_MS;
    expect(await (await call('/stream')).text()).toBe('first second');
    stream.pauseMs = PAUSE_MS;
    await until('it has ended', async () => api.requests.total >= 4 && api.requests.slow >= 1);
    // Others are slow as well when the machine is held up.
    const count = api.requests.slow;

    const slow = {
      method: 'GET',
      path: '/stream',
      duration: number,
      timestamp: expect.any(String),
    };
    const slowRequests = expect.arrayContaining([expect.objectContaining(slow)]);
    expect(await read('/stats')).toMatchObject({
      cache: { type: 'memory', total_keys: 2, max_size: 1000, ttl: 300, hits: 1, misses: 2 },
      requests: {
        total_requests: number,
        total_time: number,
        average_time: number,
        slow_requests_count: count,
        slow_request_threshold: parseFloat(SLOW),
        recent_slow_requests: slowRequests,
      },
      instances: 1,
    });
    expect(await read('/cache/stats')).toMatchObject({
      ...{ type: 'memory', total_keys: 2, hits: 1, misses: 2, hit_rate: 33.33, degraded: false },
    });
    expect(await read('/slow-requests')).toMatchObject({
      ...{ slow_requests: slowRequests, count, threshold: parseFloat(SLOW) },
    });
    expect(await read('/metrics?scope=fleet')).toMatchObject({
      cache: { type: 'memory', total_keys: 2, hit_rate: 33.33 },
      requests: { total: number, average_time: number, slow_count: count },
      ...{ scope: 'fleet', instances: 1 },
    });
    const { methods } = (await read('/methods')) as { methods: { name: string }[] };
    expect(methods.find((method) => method.name === 'item')).toMatchObject({
      ...{ calls: 3, hits: 1, misses: 2, hit_rate: 33.33, errors: 0, time_saved: number },
      load_times: { count: 2, p50: number, p90: number, p99: number, max: number },
    });
    expect(await read('/health')).toMatchObject({
      status: 'ok',
      tiers: { memory: { state: 'ok' }, shared: { state: 'off' } },
    });
    const [recent] = api.requests.recentSlow;
    expect(recent?.durationMs).toBeGreaterThanOrEqual(SLOW_PAUSE_MS - 5);
  });

  it('clears only for authorized requests', async () => {
    await cache.setMany(['user:1', 'user:2', 'other'].map((key) => ({ key, value: 1 })));
    const clear = (query = '', headers: Record<string, string> = { authorization }) =>
      call(`/api/performance/cache/clear${query}`, { method: 'POST', headers });

    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: TOKEN }]) {
      const refused = await clear('', headers);
      expect(refused.status).toBe(403);
      expect(await refused.json()).toEqual({
        error: { code: 'FORBIDDEN', message: expect.any(String) as string },
      });
    }
    const foreign = await clear('', { authorization, origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    for (const query of ['?pattern=', '?patern=user:*', '?pattern=a&pattern=b']) {
      expect((await clear(query)).status).toBe(400);
    }
    const cleared = await clear('?pattern=user:*');
    expect(await cleared.json()).toEqual({ cleared: 2, pattern: 'user:*' });
    const own = await clear('', { authorization, origin: service.url });
    expect(await own.json()).toEqual({ cleared: 1, pattern: '*' });
    const address = expect.stringMatching(/ (?:from|for) (?:::ffff:)?127\.0\.0\.1[.:]/) as string;
    expect(lines).toEqual(Array.from({ length: 6 }, () => address));
  });

  it('shows slow requests by their routes, and no token to anyone', async () => {
    stream.pauseMs = SLOW_PAUSE_MS;
    await (await call('/pages/secret-token')).text();
    stream.pauseMs = PAUSE_MS;
    await until('it has ended', async () => api.requests.total === 1);
    const slow = JSON.stringify([await read('/slow-requests'), await read('/stats')]);
    expect(slow).not.toContain('secret');
    expect(slow).toContain(name === 'node:http' ? '/pages/:param' : '/pages/:token');
  });

  it('shows a page', async () => {
    for (const path of ['/api/performance', '/api/performance/']) {
      const page = await call(path);
      expect([page.status, page.headers.get('content-type')]).toEqual([
        200,
        'text/html; charset=utf-8',
      ]);
      expect(page.headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; script-src/,
      );
      expect(page.headers.get('x-content-type-options')).toBe('nosniff');
      expect(await page.text()).toMatch(/^<!doctype html>/);
    }
    expect((await call('/api/performance/', { method: 'POST' })).status).toBe(405);
  });

  it('responds to every mistake with its status', async () => {
    const status = async (path: string, init?: RequestInit): Promise<number> =>
      (await call(`/api/performance${path}`, init)).status;
    const wrong = await call('/api/performance/stats', { method: 'DELETE' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    const get = await call('/api/performance/cache/clear');
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    expect(await status('/stats?scope=world')).toBe(400);
    expect(await status('/stats?scope=fleet&scope=fleet')).toBe(400);
    expect(await status('/nowhere')).toBe(404);
    expect(await status('/stats', { method: 'OPTIONS' })).toBe(204);
    const head = await call('/api/performance/stats', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const body = { method: 'POST', body: 'pattern=user:*', headers: { authorization } };
    expect(await status('/cache/clear', body)).toBe(400);
    expect((await call('/elsewhere')).status).toBe(404);

    await cache.close();
    expect(await status('/health')).toBe(503);
    jest.spyOn(cache, 'getStats').mockRejectedValue(new Error('at secret.ts:1'));
    const failed = await call('/api/performance/stats');
    expect([failed.status, await failed.text()]).toEqual([
      500,
      '{"error":{"code":"INTERNAL_ERROR","message":"The request failed."}}',
    ]);
  });

  it.each([
    ...['/x/../cache/clear', '/x/%2e%2e/cache/clear', '/./cache/clear', '//cache/clear'],
    ...['/cache/clear/', '/x/..\\cache/clear', '/../../metrics', '/../performance/stats'],
  ])('does not let %s pass by a guard on the plain path', async (path) => {
    await cache.set('kept', 1);
    const { port } = new URL(service.url);
    const answer = await ask(Number(port), `/api/performance${path}`, {
      method: 'POST',
      headers: { authorization },
    });
    expect(answer.status).toBe(400);
    expect(await cache.has('kept')).toBe(true);
  });

  it('times requests, by the patterns of their routes', async () => {
    const first = await call('/items/7?secret=1');
    expect(first.headers.get('x-response-time')).toMatch(/^\d+\.\d{3}s$/);
    expect(first.headers.get('server-timing')).toMatch(
      /^total;dur=[\d.]+, cache;desc="0 hits, 1 miss"$/,
    );
    const again = await call('/items/7');
    expect(again.headers.get('server-timing')).toContain('cache;desc="1 hit, 0 misses"');
    expect((await call('/boom')).status).toBe(500);
    for (let i = 0; i < 50; i++) await call(`/unknown/${i}`);
    await until('they have ended', async () => api.requests.total === 53);

    const { errors, inFlight, routes } = api.requests;
    expect({ errors, inFlight }).toEqual({ errors: 1, inFlight: 0 });
    const names = routes.map(({ route }) => route).filter((route) => route !== '/boom');
    expect(new Set(names)).toEqual(new Set(['/items/:id', 'other']));
    expect(routes.find(({ route }) => route === '/items/:id')).toMatchObject({
      ...{ method: 'GET', errors: 0, durations: { count: 2 } },
    });
  });

  it('counts a stream of events when it begins, and excludes what `skip` names', async () => {
    const skipped = await call('/items/skipped');
    expect([await skipped.text(), skipped.headers.has('server-timing')]).toEqual([
      'skipped',
      false,
    ]);
    const controller = new AbortController();
    const response = await call('/events', { signal: controller.signal });
    const reader = response.body!.getReader();
    await reader.read();
    const { requests } = api;
    const { slow } = requests;
    expect(requests).toMatchObject({ total: 1, inFlight: 0, streams: 1, openStreams: 1 });
    if (name !== 'node:http')
      expect(requests.routes.map(({ route }) => route)).toEqual(['/events']);
    controller.abort();
    await until('it is noticed', async () => api.requests.openStreams === 0);
    expect(api.requests).toMatchObject({ total: 1, aborted: 0, slow, streams: 1, inFlight: 0 });
    expect(await read('/stats')).toMatchObject({ requests: { streams: 1, open_streams: 0 } });
  });

  it('counts a client that went away as gone, when it went', async () => {
    stream.pauseMs = 3000;
    const controller = new AbortController();
    const response = await call('/stream', { signal: controller.signal });
    const reader = response.body!.getReader();
    await reader.read();
    controller.abort();
    await until('it is noticed', async () => api.requests.aborted === 1);
    stream.pauseMs = PAUSE_MS;
    expect(api.requests).toMatchObject({ total: 1, errors: 0, inFlight: 0 });
    await sleep(PAUSE_MS);
    expect(api.requests.total).toBe(1);
  });
});
