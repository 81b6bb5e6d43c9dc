import { RequestCounters, type SlowRequest } from '../../../src/stats/request-counters.js';

const reported: SlowRequest[] = [];
function figures(): RequestCounters {
  reported.length = 0;
  return new RequestCounters(
    100,
    10,
    () => Date.UTC(2025, 10, 10, 20),
    (request) => reported.push(request),
  );
}

describe('the counters of requests', () => {
  it('count by method and route, errors and those that went away apart', () => {
    const requests = figures();
    requests.inFlight = 4;
    requests.end('GET', '/users/7', '/users/:id', 200, false, 10);
    requests.end('GET', '/users/8', '/users/:id', 503, false, 20);
    requests.end('POST', '/users', '/users', 201, false, 30);
    requests.end('GET', '/users/9', '/users/:id', 500, true, 40);
    expect(requests).toMatchObject({ total: 4, errors: 1, aborted: 1, inFlight: 0 });
    expect(
      Array.from(requests.routes, ({ method, route, errors, durations }) => [
        ...[method, route, errors, durations.count],
      ]),
    ).toEqual([
      ['GET', '/users/:id', 1, 3],
      ['POST', '/users', 0, 1],
    ]);
    expect(requests.durations()).toMatchObject({ count: 4, sum: 100, max: 40 });
  });

  it('name at most 200 routes, for arbitrary requests', () => {
    const requests = figures();
    for (let i = 0; i < 20_000; i++) requests.end(`M${i}`, '/', `/route-${i}`, 200, false, 1);
    const all = [...requests.routes];
    expect(all.length).toBeLessThanOrEqual(201);
    expect(new Set(all.map(({ method }) => method))).toEqual(new Set(['OTHER']));
    expect(all.find(({ route }) => route === 'other')?.durations.count).toBe(20_000 - 200);
    expect(requests.total).toBe(20_000);
  });

  it('make room for a route that is used, and none for names that occur once', () => {
    const requests = figures();
    for (let i = 0; i < 5000; i++) requests.end('GET', '/', `/u/name-${i}`, 200, false, 1);
    for (let i = 0; i < 100; i++) {
      requests.end('GET', '/', '/users/:id', i % 2 === 0 ? 200 : 500, false, 1);
      requests.end('GET', '/', `/u/other-${i}`, 200, false, 1);
    }
    const all = [...requests.routes];
    expect(all.length).toBeLessThanOrEqual(201);
    const used = all.find(({ route }) => route === '/users/:id');
    expect(used?.durations.count).toBeGreaterThan(75);
    // Nothing is lost, and no counter of `other` falls.
    expect(all.reduce((sum, { durations }) => sum + durations.count, 0)).toBe(5200);
    expect(all.reduce((sum, { errors }) => sum + errors, 0)).toBe(50);
  });

  it('keep the newest slow requests, by their routes, without values and line breaks', () => {
    const requests = figures();
    requests.end('GET', '/fast', undefined, 200, false, 100);
    for (let i = 0; i < 1000; i++)
      requests.end('GET', `/users/${i}?token=x#y`, '/users/:id', 200, false, 2345);
    requests.end('GE\nT', 'http://user:pw@host/a/secret?c', undefined, 200, true, 101);
    requests.end('GET', '/', `/${'x'.repeat(10_000)}`, 200, false, 101);
    const [longest, newest, before] = requests.slow.recent();
    expect(longest?.path).toHaveLength(500);
    expect(newest).toEqual({
      method: 'GE\\nT',
      path: '/a/:param',
      status: 499,
      durationMs: 101,
      timestamp: '2025-11-10T20:00:00.000Z',
    });
    expect(before).toMatchObject({ path: '/users/:id', status: 200, durationMs: 2345 });
    expect(requests.slow.recent()).toHaveLength(10);
    expect(requests.slow.total).toBe(1002);
    expect(reported).toHaveLength(1002);
  });
});
