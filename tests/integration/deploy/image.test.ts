import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { instancesOf, readCompose, readDeployed, SECRETS } from '../../support/compose.js';
import { freePort, RedisServer, stopServers, until } from '../../support/redis/server.js';

const ROOT = join(__dirname, '../../..');
const dockerfile = readDeployed('Dockerfile');
const compose = readCompose();
const [name = ''] = instancesOf(compose);
const { command = [], environment = {} } = compose.services[name] ?? {};

/** The paths that `COPY` takes from the repository, by stage. */
const copied = dockerfile
  .split(/^FROM /m)
  .slice(1)
  .map((stage) =>
    [...stage.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, what = '']) => what.split(' ')),
  );

let folder: string;
let child: ChildProcess | undefined;

/** The last stage of the image: what it copies, and packages that are installed already. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-image-'));
  for (const path of copied.at(-1) ?? []) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(async () => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  await stopServers();
});

describe('the image', () => {
  it('is sent what it copies, and no more', () => {
    const sent = [...readDeployed('Dockerfile.dockerignore').matchAll(/^!(.*)$/gm)];
    expect(copied).toHaveLength(2);
    expect(sent.map(([, what]) => what).sort()).toEqual([...new Set(copied.flat())].sort());
    expect(copied.flat().filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('is started as compose.yaml starts it, which names the port besides', () => {
    const [, words = ''] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? [];
    expect(command).toEqual([...(JSON.parse(words) as string[]), '--port', '5001']);
  });

  it('starts with what is in it, is healthy with the password of Redis, and then ends', async () => {
    const port = String(await freePort());
    const here = (word: string): string => word.replaceAll('5001', port);
    const [, test = ''] = /^HEALTHCHECK .*\\\n +CMD (\[.*\])$/m.exec(dockerfile) ?? [];
    const [program, ...words] = command.map(here);
    const [probe, ...asked] = (JSON.parse(test) as string[]).map(here);
    expect([program, probe]).toEqual(['node', 'node']);
    const isHealthy = async (): Promise<boolean> =>
      await promisify(execFile)(process.execPath, asked).then(
        () => true,
        () => false,
      );

    expect(await isHealthy()).toBe(false);
    const password = SECRETS['REDIS_PASSWORD'] ?? '';
    const redis = await RedisServer.start(['--requirepass', password], { client: { password } });
    const { REDIS_URL = '' } = environment;
    expect(REDIS_URL).toContain('@redis:6379');
    child = spawn(process.execPath, words, {
      cwd: folder,
      env: {
        ...{ PATH: process.env['PATH'], NODE_ENV: 'production' },
        ...environment,
        REDIS_URL: REDIS_URL.replace('redis:6379', `127.0.0.1:${String(redis.port)}`),
      },
      stdio: 'ignore',
    });
    await until('it is healthy', isHealthy);
    const url = `http://127.0.0.1:${port}`;
    expect((await fetch(url)).headers.get('x-instance')).toBe(name);
    await until('it uses Redis', async () => {
      const stats = await fetch(`${url}/api/performance/cache/stats`);
      const { type, degraded } = (await stats.json()) as { type: string; degraded: boolean };
      return type === 'redis' && !degraded;
    });
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await gone).toBe(0);
    expect(await isHealthy()).toBe(false);
  });
});
