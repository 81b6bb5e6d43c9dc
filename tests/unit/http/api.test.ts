import { CacheManager, configureCache } from 'aurora-cache';
import {
  bearerToken,
  createPerformanceApi,
  performanceMiddleware,
  toNodeListener,
  withTiming,
} from 'aurora-cache/http';
import { ManualClock } from 'aurora-cache/testing';

const get = (path: string, init?: RequestInit): Request =>
  new Request(`http://localhost${path}`, init);
const post = (path: string, headers: Record<string, string> = {}): Request =>
  get(path, { method: 'POST', headers });

describe('the options of createPerformanceApi', () => {
  it.each([
    [{ basPath: '/x' }, "there is no option 'basPath'. Did you mean 'basePath'?"],
    [{ basePath: 'x' }, "basePath must be a path such as '/api/performance'"],
    [{ basePath: '/x/' }, 'basePath must be a path'],
    [{ basePath: '/a/../b' }, 'basePath must be a path'],
    [{ cache: {} }, 'cache must be a CacheManager'],
    [{ slowRequestThreshold: 0 }, 'slowRequestThreshold must be a positive number of seconds'],
    [{ slowRequestLogSize: 0 }, 'slowRequestLogSize must be a whole number from 1'],
    [{ authorize: 'token' }, 'authorize must be a function'],
    [{ protectReads: true }, 'protectReads needs authorize or authorizeRead'],
    [{ authorizeRead: '' }, 'authorizeRead must be a function or a non-empty token'],
    [{ authorizeRead: 'a', protectReads: false }, 'authorizeRead has no effect'],
    [{ allowedHosts: [] }, 'allowedHosts must be a non-empty array of hosts'],
    [{ allowedHosts: ['http://a'] }, 'allowedHosts must be a non-empty array of hosts'],
    [{ allowedOrigins: ['*'] }, "allowedOrigins must be an array of origins such as 'https://"],
    [{ allowedOrigins: ['https://a.example/'] }, 'allowedOrigins must be'],
    [{ logger: {} }, 'logger must be an object with a method warn'],
    [{ prometheusPath: '/api/performance/metrics' }, 'must not be below basePath'],
  ])('%j is refused', (options, message) => {
    expect(() => createPerformanceApi(options as never)).toThrow(message);
  });

  it('and of the timers', () => {
    expect(() => performanceMiddleware({} as never)).toThrow(
      'api must be the result of createPerformanceApi',
    );
    const api = createPerformanceApi();
    expect(() => performanceMiddleware({ api, slowRequestTreshold: 1 } as never)).toThrow(
      "Did you mean 'slowRequestThreshold'?",
    );
    performanceMiddleware({ api, slowRequestThreshold: '250ms' });
    expect(api.requests.slowThresholdMs).toBe(250);
    expect(() => performanceMiddleware({ api: {} } as never)).toThrow('api must be the result');
  });

  it('has one threshold, which one of them sets', () => {
    const api = createPerformanceApi();
    performanceMiddleware({ api, slowRequestThreshold: '250ms' });
    performanceMiddleware({ api, slowRequestThreshold: '250ms' });
    expect(() => withTiming(() => new Response(), { api, slowRequestThreshold: 1 })).toThrow(
      'withTiming: slowRequestThreshold is 1000 ms, but performanceMiddleware has set 250 ms',
    );
    expect(api.requests.slowThresholdMs).toBe(250);
    const own = createPerformanceApi({ slowRequestThreshold: 2 });
    expect(() => performanceMiddleware({ api: own, slowRequestThreshold: 1 })).toThrow(
      'createPerformanceApi has set 2000 ms',
    );
    performanceMiddleware({ api: own });
    expect(own.requests.slowThresholdMs).toBe(2000);
  });
});

describe('the API', () => {
  it('serves its own paths only', async () => {
    const api = createPerformanceApi({ cache: new CacheManager(), basePath: '/perf' });
    for (const path of ['/', '/perfect', '/api/performance/stats', '/metrics', '/perf/../x']) {
      expect(await api.handle(get(path))).toBeUndefined();
    }
    expect((await api.handle(get('/perf/stats')))?.status).toBe(200);
    expect((await api.handle(get('/perf/')))?.status).toBe(200);
    expect((await api.handle(get('/perf/nowhere')))?.status).toBe(404);
    const without = createPerformanceApi({ cache: new CacheManager(), page: false });
    expect((await without.handle(get('/api/performance/')))?.status).toBe(404);
    expect((await api.handle(get('/perf/%2e%2e/stats')))?.status).toBeUndefined();
  });

  it.each([
    ...['/perf/x/../cache/clear', '/perf/./stats', '/perf/x/%2e%2e/stats', '/perf/.%2E/stats'],
    ...['/perf/../metrics', '/perf/x\\..\\stats', '/perf//stats', '/perf/stats/', '/perf/stats#x'],
    ...['/perf/stats//', '/perf/cache/clear/.', '/perf/..', '/perf/ stats'],
  ])('refuses a path that is not in normal form: %s', async (target) => {
    const api = createPerformanceApi({
      ...{ cache: new CacheManager(), basePath: '/perf', authorize: () => true },
      prometheus: () => new Response('metrics'),
    });
    for (const method of ['GET', 'POST']) {
      const answer = await api.handle(get(target, { method }), { target });
      expect([answer?.status, await answer?.json()]).toEqual([
        400,
        { error: { code: 'BAD_PATH', message: expect.stringContaining('normal form') as string } },
      ]);
    }
  });

  it('serves the default cache as it is at the time of the request', async () => {
    const api = createPerformanceApi();
    configureCache({ name: 'one' });
    expect(await (await api.handlers.cacheStats(get('/'))).json()).toMatchObject({ name: 'one' });
    configureCache({ name: 'two' });
    expect(await (await api.handlers.cacheStats(get('/'))).json()).toMatchObject({ name: 'two' });
  });

  it('shows no token that was given as a function', () => {
    const create = (): unknown => createPerformanceApi({ authorize: 't0k3n' as never });
    expect(create).toThrow(/authorize must be a function\.$/);
  });

  it('changes nothing without authorize, and says which option to set', async () => {
    const cache = new CacheManager();
    await cache.set('a', 1);
    const api = createPerformanceApi({ cache });
    const answer = await api.handlers.clearCache(post('/'));
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('option authorize of createPerformanceApi');
    expect(await cache.has('a')).toBe(true);
  });

  it('takes nothing but true for a yes, and a failure for a no', async () => {
    for (const answer of [1, 'yes', {}, undefined, Promise.resolve('true')]) {
      const api = createPerformanceApi({
        cache: new CacheManager(),
        authorize: () => answer as never,
      });
      expect((await api.handlers.clearCache(post('/'))).status).toBe(403);
    }
    const errors: string[] = [];
    const api = createPerformanceApi({
      cache: new CacheManager(),
      logger: { warn: () => undefined, error: (message) => errors.push(message) },
      authorize: () => {
        throw new Error('no redis://user:secret@host');
      },
    });
    const answer = await api.handlers.clearCache(post('/'));
    expect([answer.status, await answer.text()]).toEqual([
      500,
      expect.not.stringContaining('host'),
    ]);
    expect(errors).toEqual(['A performance route failed: Error: no ***@host']);
  });

  it('protects reads if configured; load balancers still get the status, and no more', async () => {
    const api = createPerformanceApi({
      cache: new CacheManager(),
      authorize: bearerToken('t'),
      protectReads: true,
      page: () => new Response('page'),
    });
    const headers = { authorization: 'Bearer t' };
    for (const path of ['stats', 'cache/stats', 'slow-requests', 'metrics', 'methods', '']) {
      const url = `/api/performance/${path}`;
      expect((await api.handle(get(url)))?.status).toBe(403);
      expect((await api.handle(get(url, { headers })))?.status).toBe(200);
    }
    const open = await api.handle(get('/api/performance/health'));
    expect(await open?.json()).toEqual({ status: 'ok' });
    const full = await api.handle(get('/api/performance/health', { headers }));
    expect(await full?.json()).toHaveProperty('tiers');
  });

  it.each(['a function', 'a token'])('lets others read than change: %s', async (kind) => {
    const api = createPerformanceApi({
      cache: new CacheManager(),
      authorize: bearerToken('change'),
      authorizeRead: kind === 'a token' ? 'read' : bearerToken('read'),
    });
    const status = async (path: string, token: string): Promise<number> => {
      const authorization = `Bearer ${token}`;
      const method = path === 'cache/clear' ? 'POST' : 'GET';
      const init = { method, headers: { authorization } };
      return (await api.handle(get(`/api/performance/${path}`, init)))?.status ?? 0;
    };
    for (const path of ['stats', 'cache/stats', 'slow-requests', 'metrics', 'methods']) {
      expect([await status(path, 'read'), await status(path, 'change')]).toEqual([200, 200]);
      expect(await status(path, 'none')).toBe(403);
    }
    expect([await status('cache/clear', 'read'), await status('cache/clear', 'change')]).toEqual([
      403, 200,
    ]);
    const headers = { authorization: 'Bearer read' };
    expect(await (await api.handlers.health(get('/'))).json()).toEqual({ status: 'ok' });
    expect(await (await api.handlers.health(get('/', { headers }))).json()).toHaveProperty('tiers');
    // The page contains no statistics, and prompts for the token.
    expect(await status('', 'none')).toBe(200);
  });

  it('is reached by allowed hosts alone, and by load balancers for the state', async () => {
    const cache = new CacheManager();
    const allowedHosts = ['Admin.example', 'localhost:5001', '[::1]'];
    const api = createPerformanceApi({ cache, allowedHosts });
    const status = async (host: string): Promise<number | undefined> =>
      (await api.handle(new Request(`http://${host}/api/performance/stats`)))?.status;
    for (const host of ['admin.example', 'admin.example:81', 'localhost:5001', '[::1]:5001']) {
      expect(await status(host)).toBe(200);
    }
    for (const host of ['evil.example', 'localhost', 'admin.example.evil.example', '127.0.0.1']) {
      expect(await status(host)).toBe(403);
    }
    const probe = await api.handlers.health(new Request('http://10.0.0.7/health'));
    expect([probe.status, await probe.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('refuses changes that a page of another site requests', async () => {
    const cache = new CacheManager();
    const origin = 'https://admin.example';
    const api = createPerformanceApi({ cache, authorize: () => true, allowedOrigins: [origin] });
    const clear = async (headers: Record<string, string>): Promise<number> =>
      (await api.handlers.clearCache(post('/', headers))).status;
    expect(await clear({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await clear({ 'sec-fetch-site': 'cross-site', origin: 'http://localhost' })).toBe(403);
    for (const site of ['same-origin', 'none']) {
      expect(await clear({ 'sec-fetch-site': site })).toBe(200);
    }
    expect(await clear({ 'sec-fetch-site': 'cross-site', origin })).toBe(200);
  });

  it('logs refusals and clears with the address, a limited number per minute', async () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const cache = new CacheManager({ clock });
    const authorize = bearerToken('t');
    const logger = { warn: (line: string) => lines.push(line) };
    const api = createPerformanceApi({ cache, clock, authorize, logger });
    const clear = (pattern: string, headers: Record<string, string> = {}) =>
      api.handle(post(`/api/performance/cache/clear?pattern=${pattern}`, headers), {
        address: '10.0.0.7',
      });
    await clear('x', { 'x-forwarded-for': '1.2.3.4' });
    expect(lines).toEqual([
      'Refused POST /api/performance/cache/clear from 10.0.0.7 (forwarded for 1.2.3.4): FORBIDDEN.',
    ]);
    for (let i = 0; i < 1000; i++) await clear('x');
    expect(lines).toHaveLength(10);
    // Refusals do not hide changes.
    await clear('user:*%0A%1b[2J', { authorization: 'Bearer t' });
    expect(lines[10]).toBe('Cleared 0 entries by pattern user:*\\n\\x1b[2J for 10.0.0.7.');
    await clock.advance('1m');
    await clear('x');
    expect(lines[11]).toMatch(/ FORBIDDEN\. 991 more were not logged\.$/);
    expect(JSON.stringify(lines)).not.toContain('Bearer');
    await api.close();
  });

  it('lets pages of allowed origins in, and refuses all others', async () => {
    const origin = 'https://admin.example';
    const api = createPerformanceApi({
      ...{ cache: new CacheManager(), authorize: bearerToken('t'), allowedOrigins: [origin] },
    });
    const clear = (headers: Record<string, string>) =>
      api.handlers.clearCache(post('/', { authorization: 'Bearer t', ...headers }));
    const allowed = await clear({ origin });
    expect(allowed.status).toBe(200);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origin);
    for (const foreign of [
      'https://evil.example',
      'null',
      'http://localhost:81',
      `${origin}.evil`,
    ]) {
      const refused = await clear({ origin: foreign });
      expect(refused.status).toBe(403);
      expect(refused.headers.has('access-control-allow-origin')).toBe(false);
    }
    expect((await clear({ origin: 'https://localhost' })).status).toBe(200);
    const asked = await api.handlers.clearCache(
      get('/', { method: 'OPTIONS', headers: { origin } }),
    );
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-methods')).toBe('POST, OPTIONS');
    expect(asked.headers.get('access-control-allow-headers')).toBe('Authorization');
  });

  it('lends paths to the page and the metrics', async () => {
    const api = createPerformanceApi({
      cache: new CacheManager(),
      page: (_, source) => new Response(source.cache instanceof CacheManager ? 'page' : ''),
      prometheus: () => {
        throw new Error('out of order');
      },
    });
    const page = await api.handle(get('/api/performance/'));
    expect(await page?.text()).toBe('page');
    expect(page?.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await api.handle(get('/metrics')))?.status).toBe(500);
    expect((await api.handle(post('/metrics')))?.status).toBe(405);
  });

  it('is closing once it is closed', async () => {
    const api = createPerformanceApi({ cache: new CacheManager() });
    await api.close();
    await api.close();
    const health = await api.handlers.health(get('/'));
    expect([health.status, await health.json()]).toMatchObject([503, { status: 'closing' }]);
    expect((await api.handlers.stats(get('/'))).status).toBe(200);
  });

  it('reports a disabled cache as healthy and a closed one as closing', async () => {
    const off = createPerformanceApi({ cache: new CacheManager({ enabled: false }) });
    expect((await off.handlers.health(get('/'))).status).toBe(200);
    const cache = new CacheManager();
    await cache.close();
    const closed = createPerformanceApi({ cache });
    expect((await closed.handlers.health(get('/'))).status).toBe(503);
  });

  it('responds in time to a clear with an adversarial pattern', async () => {
    const cache = new CacheManager();
    for (let i = 0; i < 1000; i++) await cache.set('a'.repeat(500) + String(i), 1);
    const api = createPerformanceApi({ cache, authorize: () => true });
    const start = performance.now();
    const answer = await api.handlers.clearCache(post(`/?pattern=${'*a'.repeat(300)}*b`));
    expect(await answer.json()).toMatchObject({ cleared: 0 });
    const long = await api.handlers.clearCache(post(`/?pattern=${'x'.repeat(1_000_000)}`));
    expect(long.status).toBe(400);
    expect((await long.text()).length).toBeLessThan(500);
    expect(performance.now() - start).toBeLessThan(30_000);
  });

  it('holds no timers that would keep the clock busy after it is closed', async () => {
    const clock = new ManualClock();
    const api = createPerformanceApi({ cache: new CacheManager({ clock }), clock });
    await clock.advance('1m');
    await api.close();
    expect(await clock.advance('1m')).toBeUndefined();
  });
});

describe('what a program without types may pass is refused:', () => {
  it('the cache in place of the options', () => {
    expect(() => createPerformanceApi(new CacheManager() as never)).toThrow(
      'createPerformanceApi: options must be { cache }; got an object.',
    );
  });

  it.each([undefined, null, 5, '/x', { url: '/x', headers: {} }])('handle(%p)', async (request) => {
    const api = createPerformanceApi({ cache: new CacheManager() });
    await expect(api.handle(request as never)).rejects.toThrow(
      'handle: request must be a Request (for node:http, use toNodeListener); got',
    );
  });

  it.each([undefined, null, 5, () => 1, { api: {} }])('toNodeListener(%p)', (api) => {
    expect(() => toNodeListener(api as never)).toThrow('toNodeListener: api must be the result of');
  });

  it('withTiming without a handler', () => {
    const api = createPerformanceApi({ cache: new CacheManager() });
    expect(() => withTiming(5 as never, { api })).toThrow(
      'withTiming: handler must be a function; got 5.',
    );
  });
});
