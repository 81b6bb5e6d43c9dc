import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { startTraffic } from '../../examples/places/traffic.js';
import { ExampleServer, runExample, stopExamples } from '../support/example-server.js';
import { RedisServer, stopServers, until } from '../support/redis/server.js';

const BERLIN = 2950159;
const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');

interface CacheJson {
  readonly type: string;
  readonly hits: number;
  readonly misses: number;
  readonly loads: number;
  readonly total_keys: number;
  readonly enabled: boolean;
  readonly degraded: boolean;
}

interface StatsJson {
  readonly instances: number;
  readonly cache: CacheJson;
  readonly requests: {
    readonly total_requests: number;
    readonly errors: number;
    readonly routes: readonly { method: string; route: string; count: number }[];
  };
}

const stats = (server: ExampleServer, scope = 'instance'): Promise<StatsJson> =>
  server.json<StatsJson>(`/api/performance/stats?scope=${scope}`);

function sent(method: string, body: unknown, type = 'application/json'): RequestInit {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method, headers: { 'Content-Type': type }, body: text };
}

afterAll(async () => {
  await stopExamples();
  await stopServers();
});

describe('the endpoints of the example', () => {
  let server: ExampleServer;
  beforeAll(async () => {
    server = await ExampleServer.start([], { INSTANCE: 'one' });
  });
  afterAll(() => server.kill());

  const nova = {
    ...{ id: 1, name: 'Nova', country: 'DE', population: 5 },
    position: { latitude: 1.5, longitude: -2 },
  };

  it.each([
    [`/places/${BERLIN}`, { id: BERLIN, name: 'Berlin', country: 'DE' }],
    ['/search?q=s%C3%A3o%20pau&limit=1', [{ name: 'São Paulo' }]],
    ['/search?q=SAO%20PAU&limit=1', [{ name: 'São Paulo' }]],
    ['/nearest?lat=52.52437&lng=13.41053&count=1', [{ place: { country: 'DE' } }]],
    ['/countries/de', { code: 'DE', name: 'Germany' }],
    ['/countries/DE/statistics', { name: 'Germany', largest: { id: BERLIN } }],
    ['/', { endpoints: expect.arrayContaining(['GET /metrics']) }],
  ])('GET %s', async (path, expected) => {
    const response = await server.fetch(path);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject(expected);
    expect(response.headers.get('x-instance')).toBe('one');
    expect(response.headers.get('x-response-time')).toMatch(/^\d+\.\d{3}s$/);
  });

  it.each([
    ['/places/abc', 400, 'id must be an integer; got "abc".'],
    ['/places/0', 400, 'id must be a number from 1 to 2147483648; got 0.'],
    ['/places/%E0%A4%A', 400, 'decode'],
    ['/places/999', 404, 'There is no place 999.'],
    ['/search', 400, 'q must be a text of 1 to 50 characters; got nothing.'],
    ['/search?q=%20', 400, 'q must be a text'],
    ['/search?q=a&q=b', 400, 'q must be a text'],
    [`/search?q=${'a'.repeat(51)}`, 400, 'q must be a text'],
    ['/search?q=a&limit=51', 400, 'limit must be a number from 1 to 50; got 51.'],
    ['/search?q=a&limit=1e1', 400, 'limit must be an integer; got "1e1".'],
    ['/nearest?lat=91&lng=0', 400, 'lat must be a number from -90 to 90; got 91.'],
    ['/nearest?lat=0', 400, 'lng must be a number from -180 to 180; got nothing.'],
    ['/countries/DEU', 400, 'code must be two letters, such as DE; got "DEU".'],
    ['/countries/XX', 404, 'There is no country XX.'],
    ['/countries/XX/statistics', 404, 'There are no places in XX.'],
    ['/nowhere', 404, 'There is no such route.'],
  ])('GET %s is refused with %i', async (path, status, message) => {
    const response = await server.fetch(path);
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe(status === 400 ? 'BAD_REQUEST' : 'NOT_FOUND');
    expect(error.message).toContain(message);
  });

  it.each([
    ['DELETE', `/places/${BERLIN}`, 'GET, PATCH'],
    ['GET', '/places', 'POST'],
    ['PUT', '/search', 'GET'],
  ])('%s %s is not allowed, and the response says what is', async (method, path, allow) => {
    const response = await server.fetch(path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
  });

  it('a changed population is seen at once, wherever it was cached', async () => {
    const population = async (): Promise<number[]> => [
      (await server.json<{ population: number }>(`/places/${BERLIN}`)).population,
      (await server.json<{ population: number }[]>('/search?q=berlin'))[0]?.population ?? NaN,
      (await server.json<{ largest: { population: number } }>('/countries/DE/statistics')).largest
        .population,
    ];
    const before = await population();
    expect(new Set(before).size).toBe(1);
    const response = await server.fetch(
      `/places/${BERLIN}`,
      sent('PATCH', { population: 4_000_000 }),
    );
    expect(response.status).toBe(200);
    expect(await population()).toEqual([4_000_000, 4_000_000, 4_000_000]);
  });

  it('a new place is found, although it was cached that there is none', async () => {
    expect((await server.fetch('/places/1')).status).toBe(404);
    const created = await server.fetch('/places', sent('POST', nova));
    expect([created.status, created.headers.get('location')]).toEqual([201, '/places/1']);
    expect(await server.json('/places/1')).toEqual(nova);
    expect((await server.fetch('/places', sent('POST', nova))).status).toBe(409);
  });

  it.each([
    ['PATCH', `/places/${BERLIN}`, { population: -1 }, 400],
    ['PATCH', `/places/${BERLIN}`, { population: '5' }, 400],
    ['PATCH', `/places/${BERLIN}`, [], 400],
    ['PATCH', `/places/${BERLIN}`, '{"popu', 400],
    ['PATCH', '/places/999', { population: 5 }, 404],
    ['POST', '/places', { ...nova, country: 'Germany' }, 400],
    ['POST', '/places', { ...nova, position: { latitude: 91, longitude: 0 } }, 400],
    ['POST', '/places', { ...nova, position: undefined }, 400],
    ['POST', '/places', ' '.repeat(20_000), 413],
  ])('%s %s with body %# is refused', async (method, path, body, status) => {
    const response = await server.fetch(path, sent(method, body));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringMatching(/./) } });
  });

  it('a body that is not sent as JSON is refused, and why', async () => {
    const response = await server.fetch('/places', sent('POST', nova, 'text/plain'));
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('Content-Type: application/json'),
    ]);
  });

  it('counts requests by the patterns of their routes, and those for the statistics not at all', async () => {
    const count = async (): Promise<Record<string, number>> => {
      const { requests } = await stats(server);
      const routes = requests.routes.map(({ method, route, count }) => [
        `${method} ${route}`,
        count,
      ]);
      return {
        ...(Object.fromEntries(routes) as Record<string, number>),
        all: requests.total_requests,
      };
    };
    const before = await count();
    for (const id of [1, 2, BERLIN]) await (await server.fetch(`/places/${id}`)).text();
    await (await server.fetch('/nowhere/1')).text();
    const after = await count();
    expect(after['GET /places/:id']).toBe((before['GET /places/:id'] ?? 0) + 3);
    expect(after['all']).toBe((before['all'] ?? 0) + 4);
    expect(Object.keys(after).join()).not.toMatch(/nowhere|\d{3}/);
  });

  it('serves the metrics and its health', async () => {
    const metrics = await (await server.fetch('/metrics')).text();
    expect(metrics).toMatch(/^cache_hits_total\{cache="places",tier="memory"\} \d+$/m);
    expect(metrics).toMatch(/^http_requests_total\{.*route="\/places\/:id".*\} \d+$/m);
    expect(await server.json('/api/performance/health')).toMatchObject({ status: 'ok' });
  });

  it('clears with the token', async () => {
    const path = '/api/performance/cache/clear?pattern=place:*';
    await (await server.fetch(`/places/${BERLIN}`)).text();
    const { loads } = (await stats(server)).cache;
    for (const headers of [{}, { Authorization: 'Bearer wrong' }]) {
      expect((await server.fetch(path, { method: 'POST', headers })).status).toBe(403);
    }
    await (await server.fetch(`/places/${BERLIN}`)).text();
    expect((await stats(server)).cache.loads).toBe(loads);

    const headers = { Authorization: `Bearer ${server.token}` };
    const cleared = await server.fetch(path, { method: 'POST', headers });
    const answer = (await cleared.json()) as { cleared: number };
    expect(answer.cleared).toBeGreaterThan(0);
    await (await server.fetch(`/places/${BERLIN}`)).text();
    expect((await stats(server)).cache.loads).toBe(loads + 1);
  });

  it('a port in use is one line, and exit code 1', async () => {
    const { code, stdout, stderr } = await runExample(['--serve', '--port', server.port]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^Port ${server.port} of 127.0.0.1 is in use\\..*\\n$`));
  });
});

describe('"Run the example service" in the README', () => {
  const [, section = ''] = readme.split('\n## Run the example service\n');
  const lines = section.split('\n## ')[0]?.split('\n') ?? [];
  const [launch = ''] = lines.filter((line) => line.includes('npm start'));
  const commands = lines.filter((line) => line.startsWith('curl '));
  const [, token = ''] = /AURORA_TOKEN=(\S+) /.exec(launch) ?? [];

  let server: ExampleServer;
  beforeAll(async () => {
    const [, args = ''] = launch.split(' -- --serve ');
    server = await ExampleServer.start(args.split(' '), { AURORA_TOKEN: token });
  });
  afterAll(() => server.kill());

  /** Runs a line of the README against this server's port, and returns the response. */
  const run = async (command: string): Promise<unknown> => {
    const here = command.replaceAll('localhost:5001', `localhost:${server.port}`);
    const { stdout } = await promisify(execFile)('sh', ['-c', here]);
    return JSON.parse(stdout);
  };

  it('has the four commands of the guide', () => {
    expect(launch).toMatch(/^AURORA_TOKEN=\w+ npm start -- --serve --traffic \d+$/);
    const paths = commands.map((line) => line.replace(/^.*\/api\/performance(\S*?)"?$/, '$1'));
    expect(paths).toEqual([
      '/stats',
      '/cache/stats',
      '/slow-requests',
      '/cache/clear?pattern=place:*',
    ]);
  });

  it('says what happens', async () => {
    const total = async (): Promise<number> => (await stats(server)).requests.total_requests;
    const start = await total();
    // The traffic is the only client.
    await until('the traffic has made requests', async () => (await total()) > start + 20);

    const [everything, cache, slow, cleared] = await Promise.all(commands.map(run));
    expect(everything).toMatchObject({ cache: { type: 'memory' }, instances: 1 });
    expect(cache).toMatchObject({ type: 'memory', hits: expect.any(Number) });
    expect(slow).toMatchObject({ threshold: 0.01, slow_requests: expect.any(Array) });
    expect(cleared).toMatchObject({ pattern: 'place:*', cleared: expect.any(Number) });
    expect((cleared as { cleared: number }).cleared).toBeGreaterThan(0);
  });

  it('the traffic hits, misses, and reaches every kind of response', async () => {
    await until('all that has happened', async () => {
      const { cache, requests } = await stats(server);
      const routes = requests.routes.map(({ method, route }) => `${method} ${route}`);
      return (
        cache.hits > 0 &&
        cache.misses > 0 &&
        ['GET /places/:id', 'GET /search', 'GET /nearest', 'GET /countries/:code/statistics'].every(
          (route) => routes.includes(route),
        )
      );
    });
  });

  it('prints commands to paste, and no token that it was given', () => {
    const pasted = server.output.split('\n').filter((line) => line.startsWith('  curl '));
    const wanted = commands
      .map((line) => line.replace('localhost:5001', `localhost:${server.port}`))
      .map((line) => line.replace(`Bearer ${token}`, 'Bearer $AURORA_TOKEN'));
    expect(pasted.map((line) => line.trim())).toEqual(expect.arrayContaining(wanted));
    expect(server.output).toContain(`open ${server.url}/api/performance/\n`);
    expect(server.output).not.toContain(token);
  });
});

describe('the example at its end', () => {
  /** The server ends connections that have been idle for longer, with or without `Connection: close`. */
  const IDLE_MS = 400;

  /** Requests on one connection, one after the other, until the server says that it ends. */
  class Visitor {
    asked = 0;

    async askUntilTold({ port }: ExampleServer, letter: number): Promise<void> {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let idleSince = Infinity; ; idleSince = performance.now()) {
        const q = String.fromCharCode(97 + (this.asked % 26), 97 + letter);
        const path = `http://127.0.0.1:${port}/search?q=${q}`;
        try {
          if (await this.isTold(path, agent)) return;
        } catch (error) {
          // A busy machine may have held the request up.
          const isLate = performance.now() - idleSince > IDLE_MS;
          if (isLate && (error as { code?: string }).code === 'ECONNRESET') return;
          throw error;
        }
      }
    }

    private async isTold(path: string, agent: Agent): Promise<boolean> {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        get(path, { agent }, resolve).on('error', reject);
      });
      for await (const _ of response);
      expect([response.statusCode, response.complete]).toEqual([200, true]);
      this.asked++;
      return response.headers.connection === 'close';
    }
  }

  const signals = ['SIGTERM', 'SIGINT'] as const;
  const servers = new Map<string, ExampleServer>();
  beforeAll(async () => {
    const start = async (signal: string) =>
      servers.set(signal, await ExampleServer.start(['--traffic', '20']));
    await Promise.all(signals.map(start));
  });

  it.each(signals)('%s under load fails no request', async (signal) => {
    const server = servers.get(signal) as ExampleServer;
    const visitors = Array.from({ length: 4 }, () => new Visitor());
    const visits = visitors.map((visitor, letter) => visitor.askUntilTold(server, letter));
    await until('all are busy', () => Promise.resolve(visitors.every(({ asked }) => asked > 5)));
    const [outcome] = await Promise.all([server.end(signal), ...visits]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    await expect(server.fetch('/')).rejects.toThrow();
  });
});

describe('the example without a cache', () => {
  it('runs every method at every call', async () => {
    const server = await ExampleServer.start(['--no-cache']);
    for (let i = 0; i < 3; i++) await (await server.fetch(`/places/${BERLIN}`)).text();
    const { cache } = await stats(server);
    expect(cache).toMatchObject({ enabled: false, hits: 0, total_keys: 0 });
    const { methods } = await server.json<{ methods: { name: string; calls: number }[] }>(
      '/api/performance/methods',
    );
    expect(methods).toContainEqual(
      expect.objectContaining({ name: 'PlaceRepository.find', calls: 3 }),
    );
  });
});

describe('two examples on one Redis', () => {
  it('load once, clear for each other, and add up their statistics', async () => {
    const env = { REDIS_URL: (await RedisServer.start()).url };
    const [one, two] = await Promise.all([
      ExampleServer.start([], { ...env, INSTANCE: 'one' }),
      ExampleServer.start([], { ...env, INSTANCE: 'two' }),
    ]);
    const ask = async (server: ExampleServer): Promise<void> => {
      await (await server.fetch(`/places/${BERLIN}`)).text();
    };
    const loads = async (): Promise<number[]> => [
      (await stats(one)).cache.loads,
      (await stats(two)).cache.loads,
    ];

    // Either instance may be the first to reach Redis.
    await until('both have it', async () => {
      const caches = [(await stats(one)).cache, (await stats(two)).cache];
      return caches.every(({ type, degraded }) => type === 'redis' && !degraded);
    });
    await ask(one);
    await until('the result is shared', async () => {
      await ask(two);
      return (await stats(two)).cache.hits > 0;
    });
    const [first = 0, second = 0] = await loads();
    expect([first, second]).toEqual([1, 0]);

    const cleared = await one.fetch('/api/performance/cache/clear?pattern=place:*', {
      method: 'POST',
      headers: { Authorization: `Bearer ${one.token}` },
    });
    expect(await cleared.json()).toEqual({ cleared: 1, pattern: 'place:*' });
    await until('the other hears of it, and loads again', async () => {
      await ask(two);
      return (await loads())[1] === 1;
    });
    expect(await loads()).toEqual([1, 1]);

    const own = (await stats(one)).requests.total_requests;
    const all = own + (await stats(two)).requests.total_requests;
    await until('the fleet has published', async () => {
      const { instances, requests } = await stats(one, 'fleet');
      return instances === 2 && requests.total_requests === all;
    });
    expect(all).toBeGreaterThan(own);
  });
});

describe('the traffic', () => {
  it('never waits for more than fifty responses, and ends at a signal', async () => {
    const held: ServerResponse[] = [];
    let most = 0;
    let arrived = 0;
    const service = createServer((_request, response) => {
      arrived++;
      most = Math.max(most, held.push(response));
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as AddressInfo;
    const stop = startTraffic(`http://127.0.0.1:${port}`, 1000, () => ({
      method: 'GET',
      path: '/',
    }));
    await until('fifty wait', async () => held.length === 50);
    for (const response of held.splice(0, 10)) response.end();
    await until('ten more wait', async () => held.length === 50);
    stop();
    for (const response of held.splice(0)) response.end();
    service.close();
    await once(service, 'close');
    expect([most, arrived]).toEqual([50, 60]);
  });
});

describe('the arguments of --serve', () => {
  it('a bad value is one line, and exit code 2', async () => {
    const { code, stdout, stderr } = await runExample(['--serve', '--port', '65536']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe("--port must be an integer from 0 to 65535; got '65536'.\n");
  });

  it('so is a bad REDIS_URL, whose password is not shown', async () => {
    const env = { REDIS_URL: 'http://:sesame@localhost' };
    const { code, stdout, stderr } = await runExample(['--serve', '--port', '0'], env);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^.*redisUrl.*\n$/);
    expect(stderr).not.toContain('sesame');
  });
});
