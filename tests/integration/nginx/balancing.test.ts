import type { NginxOptions, NginxServer, NginxUpstream } from 'aurora-cache/nginx';

import { ExampleServer, stopExamples } from '../../support/example-server.js';
import { ask, type Answer } from '../../support/http-client.js';
import { as, Nginx, stopNginx } from '../../support/nginx.js';
import { RedisServer, stopServers, until } from '../../support/redis/server.js';

// A real nginx in front of three real instances of the example, on one real Redis.

const TOKEN = 'correct-horse';
const NAMES = ['one', 'two', 'three'];

let redis: RedisServer;
let instances: ExampleServer[];

beforeAll(async () => {
  redis = await RedisServer.start();
  instances = await Promise.all(NAMES.map((name) => startInstance(name)));
});

afterEach(stopNginx);

afterAll(async () => {
  await stopExamples();
  await stopServers();
});

async function startInstance(name: string, port = '0'): Promise<ExampleServer> {
  const env = { INSTANCE: name, REDIS_URL: redis.url, AURORA_TOKEN: TOKEN };
  return await ExampleServer.start(['--port', port], env);
}

const addressOf = ({ port }: ExampleServer): string => `127.0.0.1:${port}`;

async function balancer(
  upstream: Omit<NginxUpstream, 'name' | 'servers'>,
  options: NginxOptions & { servers?: (string | NginxServer)[] } = {},
): Promise<Nginx> {
  const { servers = instances.map(addressOf), ...rest } = options;
  // The test chooses the client's address.
  return await Nginx.start({
    upstreams: [{ name: 'places', servers, ...upstream }],
    trustedProxies: ['127.0.0.1'],
    ...rest,
  });
}

const instanceOf = ({ headers }: Answer): string => String(headers['x-instance']);

/** Which instances responded, and how often. */
async function shares(
  nginx: Nginx,
  count: number,
  path: (i: number) => string = () => '/countries/DE',
): Promise<Map<string, number>> {
  const found = new Map(NAMES.map((name) => [name, 0]));
  const one = async (i: number): Promise<void> => {
    const answer = await ask(nginx.port, path(i));
    expect([answer.status, answer.body.length > 0]).toEqual([200, true]);
    found.set(instanceOf(answer), (found.get(instanceOf(answer)) ?? 0) + 1);
  };
  // A few at a time, as clients are.
  for (let i = 0; i < count; i += 10) {
    await Promise.all(Array.from({ length: Math.min(10, count - i) }, (_, j) => one(i + j)));
  }
  expect([...found.keys()]).toEqual(NAMES);
  return found;
}

const close = (actual: number | undefined, expected: number, tolerance: number): void => {
  expect(Math.abs((actual ?? 0) - expected)).toBeLessThanOrEqual(expected * tolerance);
};

describe('the load is shared', () => {
  it('equally by round_robin', async () => {
    const found = await shares(await balancer({ strategy: 'round_robin' }), 300);
    for (const name of NAMES) close(found.get(name), 100, 0.1);
  });

  it('by weight', async () => {
    const [one, two, three] = instances.map(addressOf) as [string, string, string];
    const servers = [{ address: one, weight: 3 }, two, { address: three, weight: 2 }];
    const found = await shares(await balancer({}, { servers }), 300);
    close(found.get('one'), 150, 0.1);
    close(found.get('two'), 50, 0.1);
    close(found.get('three'), 100, 0.1);
  });

  it.each(['least_conn', 'random'] as const)('about equally by %s', async (strategy) => {
    const found = await shares(await balancer({ strategy }), 300);
    // An instance that the machine holds up gets fewer.
    for (const name of NAMES) close(found.get(name), 100, 0.9);
  });

  it('by the address of the client with ip_hash, and clients stay', async () => {
    const nginx = await balancer({ strategy: 'ip_hash' });
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const headers = { 'X-Forwarded-For': `203.0.${String(i * 5)}.7` };
      const answers = await Promise.all(
        Array.from({ length: 4 }, () => ask(nginx.port, '/countries/DE', { headers })),
      );
      const [first, ...others] = new Set(answers.map(instanceOf));
      expect(others).toEqual([]);
      seen.add(first ?? '');
    }
    expect([...seen].sort()).toEqual([...NAMES].sort());
  });

  it('by a key with hash, and only the share of a server that goes moves', async () => {
    const hash = { strategy: 'hash', hashKey: '$request_uri' } as const;
    const where = async (nginx: Nginx): Promise<string[]> => {
      const paths = Array.from({ length: 60 }, (_, i) => `/search?q=san&limit=${String(i + 1)}`);
      const answers: Answer[] = [];
      for (const path of paths) answers.push(await ask(nginx.port, path));
      return answers.map(instanceOf);
    };
    const nginx = await balancer(hash);
    const before = await where(nginx);
    expect(await where(nginx)).toEqual(before);
    expect(new Set(before)).toEqual(new Set(NAMES));
    const [one, two, three] = instances.map(addressOf) as [string, string, string];
    const after = await where(
      await balancer(hash, { servers: [one, two, { address: three, down: true }] }),
    );
    expect(after).not.toContain('three');
    for (const [i, name] of before.entries()) {
      if (name !== 'three') expect(after[i]).toBe(name);
    }
  });
});

describe('the instances behind it', () => {
  it('are one service: one load for all, one clear for all, statistics of all', async () => {
    const nginx = await balancer({ strategy: 'round_robin' });
    for (let i = 0; i < 9; i++) await ask(nginx.port, '/countries/FR/statistics');
    const api = '/api/performance';
    const local = as('10.0.0.1');
    const stats = async () =>
      JSON.parse(String((await ask(nginx.port, `${api}/stats?scope=fleet`, local)).body)) as {
        instances: number;
        methods: { name: string; loads: number; hits: number }[];
      };
    await until('all are counted', async () => {
      const { instances: count, methods } = await stats();
      const method = methods.find(({ name }) => name.endsWith('countryStatistics'));
      const { hits = 0, loads = 0 } = method ?? {};
      if (count < 3 || hits + loads < 9) return false;
      expect(loads).toBe(1);
      return true;
    });
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const clear = (more: object) =>
      ask(nginx.port, `${api}/cache/clear?pattern=country:*`, {
        method: 'POST',
        headers: { ...headers, ...local.headers, ...more },
      });
    expect((await clear({ 'X-Forwarded-For': '203.0.113.9' })).status).toBe(403);
    const cleared = await clear({});
    expect(cleared.status).toBe(200);
    expect(JSON.parse(String(cleared.body))).toMatchObject({ pattern: 'country:*' });
    const page = await ask(nginx.port, `${api}/`, local);
    expect([page.status, String(page.body).slice(0, 15)]).toEqual([200, '<!doctype html>']);
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'/);
  });

  it('answer compressed, with the headers of security', async () => {
    const nginx = await balancer({ strategy: 'least_conn' });
    const { headers } = await ask(nginx.port, '/search?q=san&limit=50', {
      headers: { 'Accept-Encoding': 'gzip' },
    });
    expect(headers).toMatchObject({
      ...{ 'content-encoding': 'gzip', 'x-content-type-options': 'nosniff' },
      ...{ 'x-frame-options': 'SAMEORIGIN', 'referrer-policy': expect.any(String) as string },
      ...{ 'x-response-time': expect.stringMatching(/^\d+\.\d{3}s$/) as string },
    });
  });
});

describe('when an instance is killed under load', () => {
  it('the backup takes over without a failed GET or a POST sent twice, until it is back', async () => {
    const first = await startInstance('first');
    const { port } = first;
    const [backup] = instances as [ExampleServer];
    const nginx = await balancer(
      { strategy: 'least_conn' },
      {
        servers: [
          { address: addressOf(first), maxFails: 1, failTimeout: '1s' },
          { address: addressOf(backup), backup: true },
        ],
      },
    );
    const answering = async (): Promise<string> =>
      instanceOf(await ask(nginx.port, '/countries/DE'));
    expect(await answering()).toBe('first');

    const gets: Answer[] = [];
    const posts: number[] = [];
    let isOver = false;
    let id = 900_000_000;
    const read = async (): Promise<void> => {
      while (!isOver) gets.push(await ask(nginx.port, '/countries/DE'));
    };
    const write = async (): Promise<void> => {
      while (!isOver) posts.push((await create(nginx, id++)).status);
    };
    const load = [...Array.from({ length: 8 }, read), ...Array.from({ length: 4 }, write)];
    await until('it is under load', () => Promise.resolve(gets.length > 50 && posts.length > 10));
    await first.kill();
    const [before, written] = [gets.length, posts.length];
    await until('the backup has taken over', () =>
      Promise.resolve(gets.length > before + 100 && posts.length > written + 20),
    );
    isOver = true;
    await Promise.all(load);

    expect(gets.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(gets.slice(0, 20).map(instanceOf))).toEqual(new Set(['first']));
    expect(new Set(gets.slice(-50).map(instanceOf))).toEqual(new Set(['one']));
    // 201, or 502 for those that the killed one took along; twice would be a conflict, 409.
    expect(new Set(posts).size).toBeLessThanOrEqual(2);
    expect(posts.filter((status) => status !== 201 && status !== 502)).toEqual([]);
    expect(posts.filter((status) => status === 502).length).toBeLessThanOrEqual(4);
    await until('it is logged', () =>
      Promise.resolve(nginx.accessLog.length >= gets.length + posts.length),
    );
    for (const line of nginx.accessLog.filter(({ method }) => method === 'POST')) {
      // The servers tried before the last one could not be reached at all.
      const connected = String(line['upstream_connect_times'])
        .split(', ')
        .filter((t) => t !== '-');
      expect(connected.length).toBeLessThanOrEqual(1);
    }

    await startInstance('first', port);
    await until('it gets requests again', async () => (await answering()) === 'first');
  });
});

function create(nginx: Nginx, id: number): Promise<Answer> {
  const position = { latitude: 52, longitude: 13 };
  const place = { id, name: 'Newtown', country: 'DE', population: 1, position };
  return ask(nginx.port, '/places', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(place),
  });
}
