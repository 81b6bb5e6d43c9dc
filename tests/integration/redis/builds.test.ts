import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { CacheManager } from 'aurora-cache';
import { RedisStore } from 'aurora-cache/redis';
import { build, type BuildOptions } from 'esbuild';
import { Redis } from 'ioredis';

import { RedisServer, stopServers } from '../../support/redis/server.js';

// Two builds of one service, each in a separate process, on one Redis.

const run = promisify(execFile);
const root = join(__dirname, '../../..');
let server: RedisServer;
let admin: Redis;
let folder: string;
let bundles = 0;

beforeAll(async () => {
  server = await RedisServer.start();
  admin = new Redis(server.url);
  // Below the repository, so that the bundles find their packages.
  await mkdir(join(root, 'build'), { recursive: true });
  folder = await mkdtemp(join(root, 'build', 'builds-'));
});

afterAll(async () => {
  admin.disconnect();
  await Promise.all([stopServers(), rm(folder, { recursive: true, force: true })]);
});

beforeEach(async () => {
  await admin.flushall();
});

interface Outcome {
  readonly results: readonly string[];
  readonly warnings: readonly string[];
}

/** A class in a separate module. */
const service = (name: string, text: string, options: string): string => `
  import { Cached } from 'aurora-cache';
  import { cache } from './cache';
  export class ${name} {
    @Cached({ cache: () => cache(), ${options} })
    async find(id) { return '${text} of ' + id; }
  }
`;

/**
 * Bundles two services and runs them.
 *
 * @param order - Which is imported, and called, first.
 */
async function runBuild(
  modules: Readonly<Record<'users' | 'profiles', string>>,
  order: readonly ['users' | 'profiles', 'users' | 'profiles'],
  options: BuildOptions & { experimentalDecorators?: boolean; rename?: string } = {},
): Promise<Outcome> {
  const { experimentalDecorators = false, rename = '', ...esbuild } = options;
  const files: Record<string, string> = {
    ...modules,
    cache: `
      import { CacheManager } from 'aurora-cache';
      let made;
      export const cache = () => (made ??= new CacheManager({
        redisUrl: process.env.REDIS_URL, namespace: 'builds' }));
    `,
    main: `
      import * as first from './${order[0]}';
      import * as second from './${order[1]}';
      import { cache } from './cache';
      const warnings = [];
      process.on('warning', ({ message }) => warnings.push(message));
      const classes = [...Object.values(first), ...Object.values(second)];
      ${rename}
      const main = async () => {
        await cache().get('connected');
        const results = [];
        for (let round = 0; round < 3; round++) {
          for (const Service of classes) results.push(await new Service().find(7));
        }
        await cache().close();
        // Node emits warnings in the next turn.
        await new Promise(setImmediate);
        console.log(JSON.stringify({ results, warnings }));
      };
      void main();
    `,
  };
  const outfile = join(folder, `${String(++bundles)}.cjs`);
  await build({
    entryPoints: ['virtual:main'],
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'es2022',
    logLevel: 'silent',
    external: ['ioredis', 'keyv', 'reflect-metadata'],
    alias: { 'aurora-cache': join(root, 'src/index.ts') },
    tsconfigRaw: { compilerOptions: { experimentalDecorators } },
    plugins: [
      {
        name: 'virtual',
        setup(plugin) {
          plugin.onResolve({ filter: /^virtual:|^\.\/(?:users|profiles|cache)$/ }, ({ path }) => ({
            path: path.replace(/^virtual:|^\.\//, ''),
            namespace: 'virtual',
          }));
          plugin.onLoad({ filter: /.*/, namespace: 'virtual' }, ({ path }) => ({
            contents: files[path] ?? '',
            loader: 'ts',
            resolveDir: root,
          }));
        },
      },
    ],
    ...esbuild,
  });
  const { stdout } = await run(process.execPath, [outfile], {
    env: { ...process.env, REDIS_URL: server.url },
    timeout: 60_000,
  });
  return JSON.parse(stdout) as Outcome;
}

const USER = 'SECRET of 7';
const PROFILE = 'profile of 7';
const three = <T>(...items: T[]): T[] => [...items, ...items, ...items];

async function expectApart(
  modules: Parameters<typeof runBuild>[0],
  options: Parameters<typeof runBuild>[2],
): Promise<readonly [Outcome, Outcome]> {
  const one = await runBuild(modules, ['users', 'profiles'], options);
  const other = await runBuild(modules, ['profiles', 'users'], options);
  expect(one.results).toEqual(three(USER, PROFILE));
  expect(other.results).toEqual(three(PROFILE, USER));
  return [one, other];
}

describe.each([
  ['Stage-3', false],
  ['experimentalDecorators', true],
])('two builds of one service, with %s', (_, experimentalDecorators) => {
  const decorators = { experimentalDecorators };

  it('minified, both classes under one keyPrefix: neither gets the data of the other', async () => {
    const modules = {
      users: service('Users', 'SECRET', "keyPrefix: 'page'"),
      profiles: service('Profiles', 'profile', "keyPrefix: 'page'"),
    };
    for (const outcome of await expectApart(modules, { minify: true, ...decorators })) {
      expect(outcome.warnings).toEqual([expect.stringMatching(/same keys.*page:…:find/)]);
    }
    expect(await admin.keys('builds:page:*')).toEqual([]);
  });

  it('minified, without a keyPrefix: neither gets the data of the other', async () => {
    const modules = {
      users: service('Users', 'SECRET', ''),
      profiles: service('Profiles', 'profile', ''),
    };
    for (const outcome of await expectApart(modules, { minify: true, ...decorators })) {
      expect(outcome.warnings.length).toBeGreaterThan(0);
      for (const text of outcome.warnings) expect(text).toMatch(/keyPrefix/);
    }
    expect(await admin.keys('builds:*:find')).toEqual([]);
  });

  it('not minified, two classes of one name, imported in another order', async () => {
    const modules = {
      users: service('PageService', 'SECRET', ''),
      profiles: service('PageService', 'profile', ''),
    };
    await expectApart(modules, decorators);
    expect(await admin.keys('builds:*:find')).toEqual([]);
  });

  it('with empty class names, as terser leaves them behind Stage-3 output', async () => {
    const rename = "for (const one of classes) Object.defineProperty(one, 'name', { value: '' });";
    const modules = {
      users: service('Users', 'SECRET', "keyPrefix: 'user'"),
      profiles: service('Profiles', 'profile', "keyPrefix: 'user'"),
    };
    await expectApart(modules, { rename, ...decorators });
    const nameless = {
      users: service('Users', 'SECRET', ''),
      profiles: service('Profiles', 'profile', ''),
    };
    await expectApart(nameless, { rename, ...decorators });
    expect(await admin.keys('builds:*:find')).toEqual([]);
  });

  it('with its own keyPrefix, each class is shared between the builds, without a warning', async () => {
    const modules = {
      users: service('Users', 'SECRET', "keyPrefix: 'user'"),
      profiles: service('Profiles', 'profile', "keyPrefix: 'profile'"),
    };
    const outcomes = await expectApart(modules, { minify: true, ...decorators });
    expect(outcomes.flatMap(({ warnings }) => warnings)).toEqual([]);
    expect((await admin.keys('builds:*:find')).sort()).toEqual([
      'builds:profile:7:find',
      'builds:user:7:find',
    ]);
    // One build reads the entries of another.
    const changed = { ...modules, users: service('Users', 'newer', "keyPrefix: 'user'") };
    const third = await runBuild(changed, ['users', 'profiles'], { minify: true, ...decorators });
    expect(third.results).toEqual(three(USER, PROFILE));
  });
});

describe('a cache on Redis', () => {
  it('without a namespace is a warning, once', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const caches = [
      new CacheManager({ redisUrl: server.url, namespace: 'aurora' }),
      new CacheManager({ redisUrl: server.url, enabled: false }),
      new CacheManager({ store: new Map() }),
    ];
    // It comes with the code of the tier, which is loaded late.
    const reading = () => Promise.all(caches.map((cache) => cache.get('key')));
    await reading();
    expect(warn).not.toHaveBeenCalled();
    caches.push(new CacheManager({ redisUrl: server.url }));
    const store = new RedisStore(server.url);
    caches.push(new CacheManager({ store }));
    await reading();
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/'aurora'.*namespace/), expect.anything()],
    ]);
    await Promise.all(caches.map((cache) => cache.close()));
    await store.disconnect();
  });
});
