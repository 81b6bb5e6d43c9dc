import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';

import { pages } from '../support/code-blocks.js';
import { PackedProject } from '../support/packed-project.js';
import { declaredIn, entryPoints, exportsOf, report } from '../support/public-names.js';

const run = promisify(execFile);
const root = join(__dirname, '../..');

let project: PackedProject;

async function tsc(config: string): Promise<string> {
  const bin = join(root, 'node_modules/typescript/bin/tsc');
  const failed = (error: { stdout: string }) => error;
  const { stdout } = await run(process.execPath, [bin, '-p', config], {
    cwd: project.folder,
  }).catch(failed);
  return stdout;
}

beforeAll(async () => {
  // ioredis is left out: what happens without it is tested.
  project = await PackedProject.create('prom-client', '@types/node');
}, 600_000);

afterAll(() => project.remove());

describe('the packed package', () => {
  it('ships what it promises, and the sources that the source maps name', async () => {
    const names = (await readdir(project.installed())).sort();
    expect(names).toEqual([
      ...['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md'],
      ...['dist', 'docs', 'examples', 'package.json', 'schemas', 'src'],
    ]);
    const files = await readdir(project.installed('dist'), { recursive: true });
    expect(files.filter((name) => /(?<!\.d)\.ts$/.test(name))).toEqual([]);
    const scripts = files.filter((name) => name.endsWith('.js'));
    for (const name of scripts) {
      expect(files).toContain(`${name}.map`);
      const path = project.installed('dist', `${name}.map`);
      const { sources } = JSON.parse(await readFile(path, 'utf8')) as { sources: string[] };
      const own = sources.filter((source) => !source.includes('node_modules/'));
      for (const source of own) await stat(join(dirname(path), source));
    }
  });

  it('ships the documentation, and every file that it links to', async () => {
    const names = await readdir(project.installed(), { recursive: true });
    const pages = names.filter((name) => name.endsWith('.md'));
    expect(pages.length).toBeGreaterThan(10);
    const missing: string[] = [];
    for (const page of pages) {
      const text = await readFile(project.installed(page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const exists = await stat(join(dirname(project.installed(page)), target)).catch(() => null);
        if (exists === null) missing.push(`${page}: ${target}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('includes the licences of the packages that are part of its files', async () => {
    const licenses = await readFile(project.installed('dist/third-party-licenses.txt'), 'utf8');
    const sources = new Set<string>();
    for (const name of await readdir(project.installed('dist'), { recursive: true })) {
      if (!name.endsWith('.map')) continue;
      const map = await readFile(project.installed('dist', name), 'utf8');
      for (const [, one = ''] of map.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g))
        sources.add(one);
    }
    expect(sources.size).toBeGreaterThan(2);
    for (const name of sources) expect(licenses).toMatch(new RegExp(`^${name} \\d+\\.`, 'm'));
  });

  it('maps errors to the sources, in both formats', async () => {
    const line = 'new CacheManager({ defaultTtl: -1 });';
    await project.write('mapped.mjs', `import { CacheManager } from 'aurora-cache';\n${line}`);
    await project.write('mapped.cjs', `const { CacheManager } = require('aurora-cache');\n${line}`);
    for (const name of ['mapped.mjs', 'mapped.cjs']) {
      const args = ['--enable-source-maps', join(project.folder, name)];
      const { stderr } = await run(process.execPath, args).catch(
        (error: { stderr: string }) => error,
      );
      expect(stderr).toMatch(/aurora-cache\/src\/base\/time\/duration\.ts:\d+/);
    }
  });

  it.each([
    'aurora-cache',
    'aurora-cache/http',
    'aurora-cache/nginx',
    'aurora-cache/prometheus',
    'aurora-cache/testing',
  ])('%s: import and require agree', async (entry) => {
    const names = (await project.node(
      'names.mjs',
      `import * as esm from '${entry}';
       import { createRequire } from 'node:module';
       const cjs = createRequire(import.meta.url)('${entry}');
       console.log(JSON.stringify({ esm: Object.keys(esm).sort(), cjs: Object.keys(cjs).sort() }));`,
    )) as { esm: string[]; cjs: string[] };
    expect(names.cjs).toEqual(names.esm);
    expect(names.esm.length).toBeGreaterThan(0);
  });

  it.each([...entryPoints()])('%s: the types export what is recorded', async (name, module) => {
    const emitted = exportsOf(project.installed('dist/esm', `${module}.d.ts`));
    const names = (of: readonly string[] = []) => of.map((one) => one.split(' ')[1]).sort();
    expect(names(emitted)).toEqual(names(report.exported[name]));
    if (name === 'aurora-cache/redis') return;
    const values = (await project.node(
      'values.mjs',
      `import * as entry from '${name}';
       console.log(JSON.stringify(Object.keys(entry).sort()));`,
    )) as string[];
    const recorded = report.exported[name]?.filter((one) => one.startsWith('value '));
    expect(values).toEqual(names(recorded));
  });

  it('mentions in its types no name that is not recorded', () => {
    const exported = Object.values(report.exported).flatMap((of) =>
      of.map((one) => one.split(' ')[1]),
    );
    const mentioned = [...declaredIn(project.installed('dist/esm'))].filter(
      (name) => !exported.includes(name),
    );
    expect(mentioned.sort()).toEqual(report.mentioned);
  });

  it('declares every method that the documentation names', () => {
    const folder = project.installed('dist/esm');
    const declarations = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.d.ts'))
      .map((path) => readFileSync(join(folder, path), 'utf8'))
      .join('\n');
    const prose = pages.map((page) => readFileSync(join(root, page), 'utf8'));
    const named = new Set(
      prose
        .map((text) => text.replace(/```.*?```/gs, ''))
        .flatMap((text) => [...text.matchAll(/`(?:\w+\.)*([a-z]\w+)\([^`]*\)`/g)])
        .map(([, name = '']) => name),
    );
    expect(named).toContain('getStats');
    // Of the language, and of examples.
    for (const name of ['import', 'next', 'uptime', 'search']) named.delete(name);
    const missing = [...named].filter(
      (name) => !new RegExp(`\\b${name}\\??[(<]`).test(declarations),
    );
    expect(missing).toEqual([]);
  });

  it('has a command, which npx finds', async () => {
    const { mode } = await stat(project.installed('dist/esm/cli/main.js'));
    expect(mode & 0o111).toBe(0o111);
    // As `npm install` would link it.
    const bin = join(project.folder, 'node_modules/.bin/aurora-cache');
    await mkdir(dirname(bin), { recursive: true });
    await symlink('../aurora-cache/dist/esm/cli/main.js', bin);
    const npx = async (...args: string[]) =>
      await run('npx', ['--no-install', 'aurora-cache', ...args], { cwd: project.folder });

    const { version } = await project.manifest();
    expect((await npx('--version')).stdout).toBe(`${version}\n`);
    expect((await npx('nginx')).stdout).toContain('upstream aurora_backend');
    await expect(npx('ngnix')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("aurora-cache: unknown command 'ngnix'. Did you mean nginx?"),
    });
  });

  it('has one default cache, even when both copies are loaded', async () => {
    const seen = await project.node(
      'both.mjs',
      `import { getCache, CacheManager } from 'aurora-cache';
       import { createRequire } from 'node:module';
       const cjs = createRequire(import.meta.url)('aurora-cache');
       await getCache().set('from:esm', 1);
       await cjs.getCache().set('from:cjs', 2);
       console.log(JSON.stringify({
         copies: CacheManager === cjs.CacheManager ? 1 : 2,
         cjsReads: await cjs.getCache().get('from:esm'),
         esmReads: await getCache().get('from:cjs'),
       }));`,
    );
    expect(seen).toEqual({ copies: 2, cjsReads: 1, esmReads: 2 });
  });

  it('loads neither ioredis nor an HTTP server', async () => {
    const loaded = await project.node(
      'light.cjs',
      `require('aurora-cache');
       const files = Object.keys(require.cache);
       const folders = /ioredis|prom-client|commander|jsonc-parser|valibot|dist.cjs.(redis|http|prometheus|nginx|cli|testing)/;
       const http = process.moduleLoadList.includes('NativeModule http');
       console.log(JSON.stringify({ files: files.filter((file) => folders.test(file)), http }));`,
    );
    expect(loaded).toEqual({ files: [], http: false });
  });

  const withRedis = (line: string): string => `${line}
       const warnings = [];
       process.on('warning', ({ code, message }) => warnings.push([code, message]));
       const cache = new CacheManager({ redisUrl: 'redis://user:secret@127.0.0.1:1', namespace: 'shop' });
       let loads = 0;
       (async () => {
         const load = () => ++loads;
         const values = [await cache.getOrSet('a', load), await cache.getOrSet('a', load)];
         const { type, degraded } = await cache.getStats();
         await cache.close();
         setImmediate(() => console.log(JSON.stringify({ values, type, degraded, warnings })));
       })();`;

  const importing = [
    ['import', `import { CacheManager } from 'aurora-cache';`, 'mjs'],
    ['require', `const { CacheManager } = require('aurora-cache');`, 'cjs'],
  ] as const;

  it.each(importing)(
    'says which file is missing when a Redis is given and the code of the tier is not there: %s',
    async (_, line, type) => {
      const file = project.installed('dist', type === 'mjs' ? 'esm' : 'cjs', 'chunks/store.js');
      await rename(file, `${file}.gone`);
      try {
        expect(await project.node(`no-tier.${type}`, withRedis(line))).toEqual({
          values: [1, 1],
          type: 'redis',
          degraded: true,
          warnings: [['AURORA_NO_SHARED_TIER', expect.stringContaining('all files of a bundle')]],
        });
      } finally {
        await rename(`${file}.gone`, file);
      }
    },
  );

  it.each(importing)(
    'says what is missing when a Redis is given and ioredis is not there: %s',
    async (_, line, type) => {
      const seen = await project.node(`no-ioredis.${type}`, withRedis(line));
      expect(seen).toEqual({
        values: [1, 1],
        type: 'redis',
        degraded: true,
        warnings: [['AURORA_NO_IOREDIS', expect.stringContaining('npm install ioredis')]],
      });
    },
  );

  it.each([
    ['import', "import * as core from 'aurora-cache'; import * as http from 'aurora-cache/http';"],
    [
      'require',
      "const [core, http] = ['', '/http'].map((name) => require('aurora-cache' + name));",
    ],
  ])('serves the statistics and the page: %s', async (how, line) => {
    const seen = await project.node(
      `serve.${how === 'import' ? 'mjs' : 'cjs'}`,
      `${line}
       (async () => {
         const cache = new core.CacheManager();
         const api = http.createPerformanceApi({ cache, authorize: http.bearerToken('secret') });
         const server = process.getBuiltinModule('http').createServer(http.toNodeListener(api));
         await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
         const base = 'http://127.0.0.1:' + server.address().port + '/api/performance';
         await cache.getOrSet('a', () => 1);
         const { cache: stats } = await (await fetch(base + '/stats')).json();
         const page = await fetch(base + '/');
         const headers = { authorization: 'Bearer secret' };
         const clear = await fetch(base + '/cache/clear', { method: 'POST', headers });
         const title = /<title>.*<\\/title>/.exec(await page.text())[0];
         server.closeAllConnections();
         server.close();
         console.log(JSON.stringify([stats.misses, title, await clear.json()]));
         await api.close();
         await cache.close();
       })();`,
    );
    const page = '<title>Cache performance</title>';
    expect(seen).toEqual([1, page, { cleared: 1, pattern: '*' }]);
  });

  it.each([
    ['ioredis', 'redis'],
    ['prom-client', 'prometheus'],
  ])('never mentions %s in a type outside %s/', async (client, folder) => {
    const dist = project.installed('dist');
    const names = await readdir(dist, { recursive: true });
    const types = names.filter(
      (name) => name.endsWith('.d.ts') && !name.split(/[\\/]/).includes(folder),
    );
    expect(types.length).toBeGreaterThan(1);
    for (const name of types) {
      // The word may stand in a doc comment; a module specifier may not.
      const text = await readFile(join(dist, name), 'utf8');
      const found = text.includes(`'${client}'`) || text.includes(`"${client}"`);
      expect({ name, found }).toEqual({ name, found: false });
    }
  });
});

const consumer = `
import { Cached, CacheManager, cached, getCache, MemoryStore, pattern } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

interface User { id: number; name: string }

export class UserService {
  @Cached({ ttl: 60, keyPrefix: 'user' })
  async getUser(id: number): Promise<User> {
    return { id, name: 'Ada' };
  }
}

export const user: Promise<User> = new UserService().getUser(1);
export const find: (id: number) => Promise<User> = cached(
  async (id: number): Promise<User> => ({ id, name: 'Ada' }),
  { ttl: '5m', name: 'find' },
);
export const cache: CacheManager = getCache();
export const text: string = pattern\`user:\${1}:*\`;
export const parts: unknown[] = [MemoryStore, ManualClock];
// @ts-expect-error: an argument of another type
void new UserService().getUser('1');
`;

describe('a TypeScript project that uses it', () => {
  jest.setTimeout(120_000);

  it.each([
    ['nodenext', { module: 'nodenext' }],
    [
      'nodenext with experimentalDecorators',
      { module: 'nodenext', experimentalDecorators: true, emitDecoratorMetadata: true },
    ],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
  ])('compiles under %s, ESM and CommonJS, libraries checked', async (_name, options) => {
    await project.write('consumer.mts', consumer);
    await project.write('consumer.cts', consumer);
    const compilerOptions = {
      target: 'es2022',
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
      ...options,
    };
    const files = ['consumer.mts', 'consumer.cts'];
    await project.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
    expect(await tsc('tsconfig.json')).toBe('');
  });

  it('compiles under node10, the default of CommonJS projects up to TypeScript 5', async () => {
    await project.write('consumer.ts', consumer);
    const compilerOptions = {
      ...{ target: 'es2022', module: 'commonjs', moduleResolution: 'node10' },
      ...{ esModuleInterop: true, strict: true, noEmit: true, types: ['node'] },
      ...{ experimentalDecorators: true, ignoreDeprecations: '6.0' },
    };
    const files = ['consumer.ts'];
    await project.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
    expect(await tsc('tsconfig.json')).toBe('');
  });
});

const service = `
import { Cached } from 'aurora-cache';
let runs = 0;
class UserService {
  @Cached({ ttl: 60, keyPrefix: 'user' })
  async getUser(id: number): Promise<{ id: number }> {
    runs += 1;
    return { id };
  }
}
const users = new UserService();
const seen = [await users.getUser(7), await users.getUser(7)];
console.log(JSON.stringify({ runs, seen }));
`;

describe('a decorated class, transpiled by esbuild', () => {
  // No program calls close(): each process must end by itself.
  it.each([
    ['stage-3', {}],
    ['legacy', { experimentalDecorators: true }],
  ])('caches under %s, and lets the process go', async (name, compilerOptions) => {
    const { code } = await transform(service, {
      loader: 'ts',
      format: 'esm',
      target: 'es2022',
      tsconfigRaw: { compilerOptions },
    });
    const seen = await project.node(`${name}.mjs`, code);
    expect(seen).toEqual({ runs: 1, seen: [{ id: 7 }, { id: 7 }] });
  });

  it('lets the process go long before the ttl ends after set, get and a decorated call', async () => {
    const started = performance.now();
    const seen = await project.node(
      'exit.mjs',
      `import { CacheManager, cached } from 'aurora-cache';
       const cache = new CacheManager({ defaultTtl: '1h' });
       await cache.set('a', 1);
       const double = cached(async (n) => n * 2, { name: 'double', ttl: '1h', grace: '1h', cache });
       await double(2);
       console.log(JSON.stringify([await cache.get('a'), await double(2)]));`,
    );
    expect(seen).toEqual([1, 4]);
    expect(performance.now() - started).toBeLessThan(60_000);
  });
});
