import { cached, CacheManager } from 'aurora-cache';
import { createPerformanceApi, withTiming } from 'aurora-cache/http';
import { ManualClock } from 'aurora-cache/testing';

const request = new Request('http://localhost/users/7?secret=1');

function setUp() {
  const clock = new ManualClock();
  const cache = new CacheManager({ clock });
  return { clock, cache, api: createPerformanceApi({ cache, clock, slowRequestThreshold: 2 }) };
}

describe('withTiming', () => {
  it('leaves the response as it is, and adds its headers', async () => {
    const { api, clock } = setUp();
    const handler = withTiming(
      async (_request: Request, name: string) => {
        await clock.advance('45ms');
        const headers = [
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
          ['Server-Timing', 'db;dur=9'],
        ];
        return new Response(`hello ${name}`, {
          status: 201,
          statusText: 'Made',
          headers: headers as never,
        });
      },
      { api, route: () => '/users/:id' },
    );
    const response = await handler(request, 'world');
    expect([response.status, response.statusText]).toEqual([201, 'Made']);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('x-response-time')).toBe('0.045s');
    expect(response.headers.get('server-timing')).toBe('db;dur=9, total;dur=45');
    expect(api.requests.inFlight).toBe(1);
    expect(await response.text()).toBe('hello world');
    expect(api.requests).toMatchObject({
      ...{ total: 1, inFlight: 0, errors: 0, aborted: 0 },
      routes: [{ method: 'GET', route: '/users/:id' }],
    });
  });

  it('times until the last byte', async () => {
    const { api, clock } = setUp();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await clock.advance('3s');
        controller.enqueue(Buffer.from('x'));
        controller.close();
      },
    });
    const response = await withTiming(() => new Response(body), { api })(request);
    expect(api.requests.total).toBe(0);
    await response.text();
    expect(api.requests.recentSlow).toMatchObject([
      { method: 'GET', path: '/users/:param', status: 200, durationMs: 3000 },
    ]);
  });

  it('counts a cancelled body, a failing one, and none', async () => {
    const { api } = setUp();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from('x')),
    });
    await (await withTiming(() => new Response(endless), { api })(request)).body?.cancel();
    expect(api.requests).toMatchObject({ total: 1, aborted: 1, errors: 0 });
    const failing = new ReadableStream({ pull: (controller) => controller.error(new Error('no')) });
    const response = await withTiming(() => new Response(failing), { api })(request);
    await expect(response.text()).rejects.toThrow('no');
    expect(api.requests).toMatchObject({ total: 2, errors: 1 });
    await withTiming(() => new Response(null, { status: 204 }), { api })(request);
    await withTiming(() => Response.redirect('http://localhost/', 302), { api })(request);
    await withTiming(() => Response.error(), { api })(request);
    expect(api.requests).toMatchObject({ total: 5, inFlight: 0 });
  });

  it('counts a stream of events when it begins, and none that is skipped', async () => {
    const { api, clock } = setUp();
    const events = (): Response => {
      const body = new ReadableStream({
        pull: (controller) => controller.enqueue(Buffer.from('x')),
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
    const response = await withTiming(events, { api, route: () => '/events' })(request);
    expect(api.requests).toMatchObject({ total: 1, streams: 1, openStreams: 1, inFlight: 0 });
    await clock.advance('1h');
    await response.body?.cancel();
    expect(api.requests).toMatchObject({ total: 1, aborted: 0, slow: 0, openStreams: 0 });

    const skip = ({ url }: Request): boolean => url.includes('/users/');
    const left = await withTiming(events, { api, skip })(request);
    expect(left.headers.has('server-timing')).toBe(false);
    const failing = (): never => {
      throw new Error('no');
    };
    await withTiming(() => new Response('x'), { api, skip: failing })(request).then((one) =>
      one.text(),
    );
    expect(api.requests).toMatchObject({ total: 2, streams: 1 });
  });

  it('counts what is thrown, and throws it on', async () => {
    const { api } = setUp();
    const error = new Error('boom');
    const handler = withTiming(() => Promise.reject(error), { api });
    await expect(handler(request)).rejects.toBe(error);
    const sync = withTiming(
      (): Response => {
        throw error;
      },
      { api, route: () => (undefined as never as { x: string }).x },
    );
    await expect(sync(request)).rejects.toBe(error);
    expect(api.requests).toMatchObject({ total: 2, errors: 2, inFlight: 0 });
  });

  it('tells concurrent requests apart in their use of the cache', async () => {
    const { api, cache } = setUp();
    const find = cached(
      async (id: string) => {
        await new Promise((resolve) => setImmediate(resolve));
        return id;
      },
      { name: 'find', cache },
    );
    const handler = withTiming(
      async ({ url }) => {
        for (const id of new URL(url).searchParams.getAll('id')) await find(id);
        return new Response(null, { status: 204 });
      },
      { api, serverTimingCache: true },
    );
    const timings = await Promise.all(
      ['id=1&id=1&id=1', 'id=1&id=2', ''].map(async (query) => {
        const response = await handler(new Request(`http://localhost/?${query}`));
        return response.headers.get('server-timing')?.split(', cache;desc=')[1];
      }),
    );
    expect(timings).toEqual(['"2 hits, 1 miss"', '"0 hits, 2 misses"', '"0 hits, 0 misses"']);
  });

  it('can do without headers', async () => {
    const { api } = setUp();
    const response = await withTiming(() => new Response('x'), { api, headers: false })(request);
    expect([...response.headers.keys()]).toEqual(['content-type']);
  });
});
