import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(__dirname, '../..');
const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const config = join(root, '.dependency-cruiser.cjs');

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
  readonly to: string;
}

interface Report {
  readonly modules: readonly unknown[];
  readonly summary: { readonly violations: readonly Violation[] };
}

/** Runs the repository's own configuration on the `src` folder below `cwd`. */
async function cruise(cwd: string): Promise<Report> {
  const args = [bin, '--config', config, '--output-type', 'json', 'src'];
  // The exit code is the number of errors; the report is on stdout either way.
  const failed = (error: { stdout: string }) => error;
  const options = { cwd, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await run(process.execPath, args, options).catch(failed);
  return JSON.parse(stdout) as Report;
}

/** A small repository without violations. Every case below adds one. */
const clean = {
  'index.ts': `export * from './cache/index.js';\nexport * from './decorators/cached.js';\n`,
  'base/clock.ts': `export interface Clock { now(): number }\nexport const zero = 0;\n`,
  'memory/store.ts': `import { zero } from '../base/clock.js';\nexport const size = zero;\n`,
  'store/contract.ts': `import type { Clock } from '../base/clock.js';\nexport type Store = { clock: Clock };\n`,
  'cache/index.ts': `import { size } from '../memory/store.js';\nexport type { Store } from '../store/contract.js';\nexport const cache = size;\n`,
  'decorators/cached.ts': `import { cache } from '../cache/index.js';\nexport const cached = cache;\n`,
  'redis/index.ts': `import type { Store } from '../store/contract.js';\nimport { Redis } from 'ioredis';\nexport const redis: Store | Redis | undefined = undefined;\n`,
  'http/index.ts': `import { createServer } from 'node:http';\nimport { cache } from '../cache/index.js';\nexport const http = [createServer, cache];\n`,
};

type House = Record<string, string>;

async function inspect(changes: House): Promise<string[]> {
  const cwd = await realpath(await mkdtemp(join(tmpdir(), 'aurora-cache-layers-')));
  try {
    for (const file of ['package.json', 'tsconfig.json', 'tsconfig.base.json']) {
      await cp(join(root, file), join(cwd, file));
    }
    // Stand-ins, so that what may be imported resolves whether or not it is installed here yet.
    const packages: House = {
      'node_modules/ioredis/package.json': `{ "name": "ioredis", "main": "index.js" }`,
      'node_modules/ioredis/index.js': `exports.Redis = class {};\n`,
      'node_modules/commander/package.json': `{ "name": "commander", "main": "index.js" }`,
      'node_modules/commander/index.js': `exports.Command = class {};\n`,
      'node_modules/typescript/package.json': `{ "name": "typescript", "main": "index.js" }`,
      'node_modules/typescript/index.js': `exports.version = '0';\n`,
    };
    const sources: House = { ...clean, ...changes };
    const files = Object.entries(sources).map(([name, text]) => [`src/${name}`, text] as const);
    for (const [name, text] of [...files, ...Object.entries(packages)]) {
      await mkdir(dirname(join(cwd, name)), { recursive: true });
      await writeFile(join(cwd, name), text);
    }
    const { summary } = await cruise(cwd);
    return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

describe('the layer check', () => {
  it('finds the real sources clean, and finds them at all', async () => {
    const { modules, summary } = await cruise(root);
    expect(summary.violations).toEqual([]);
    expect(modules.length).toBeGreaterThan(20);
  });

  it('accepts imports that point down', async () => {
    const found = await inspect({});
    // ioredis is not a declared dependency yet; apart from that, there is no violation.
    expect(found.filter((line) => !line.startsWith('declared-dependencies'))).toEqual([]);
  });

  const cycle: House = {
    'base/a.ts': `import type { B } from './b.js';\nexport interface A { b: B }\n`,
    'base/b.ts': `import type { A } from './a.js';\nexport interface B { a: A }\n`,
  };
  const cases: readonly [what: string, changes: House, expected: string][] = [
    [
      'a type-only import upwards',
      {
        'base/up.ts': `import type { Store } from '../store/contract.js';\nexport type Up = Store;\n`,
      },
      'layer-base: src/base/up.ts -> src/store/contract.ts',
    ],
    [
      'an inline import type upwards',
      { 'base/inline.ts': `export type Up = import('../store/contract.js').Store;\n` },
      'layer-base: src/base/inline.ts -> src/store/contract.ts',
    ],
    [
      'an import on the same floor',
      {
        'memory/side.ts': `import type { Store } from '../store/contract.js';\nexport type Side = Store;\n`,
      },
      'layer-memory: src/memory/side.ts -> src/store/contract.ts',
    ],
    [
      'redis from cache',
      { 'cache/side.ts': `export const load = () => import('../redis/index.js');\n` },
      'layer-cache: src/cache/side.ts -> src/redis/index.ts',
    ],
    [
      'redis from its entry module, but statically',
      {
        'cache/core/redis-tier.ts': `export { redis } from '../../redis/index.js';\nexport const load = () => import('../../http/index.js');\n`,
      },
      'redis-entry-dynamic: src/cache/core/redis-tier.ts -> src/redis/index.ts',
    ],
    [
      'another folder from the same module',
      // In the file of the case before.
      {},
      'redis-entry-folders: src/cache/core/redis-tier.ts -> src/http/index.ts',
    ],
    [
      'the public index from inside',
      { 'decorators/up.ts': `import { cache } from '../index.js';\nexport const up = cache;\n` },
      'layer-decorators: src/decorators/up.ts -> src/index.ts',
    ],
    [
      'a separate entry point from the public index',
      { 'index.ts': `export * from './http/index.js';\nexport * from './decorators/cached.js';\n` },
      'index-stays-light: src/index.ts -> src/http/index.ts',
    ],
    [
      'ioredis outside its folder',
      { 'cache/client.ts': `import type { Redis } from 'ioredis';\nexport type Client = Redis;\n` },
      'only-redis: src/cache/client.ts -> node_modules/ioredis/index.js',
    ],
    [
      'node:http outside its folder',
      {
        'cache/serve.ts': `import { createServer } from 'node:http';\nexport const serve = createServer;\n`,
      },
      'only-http: src/cache/serve.ts -> http',
    ],
    [
      'the argument parser outside its folder',
      {
        'base/parse.ts': `import { Command } from 'commander';\nexport const parse = Command;\n`,
      },
      'only-cli: src/base/parse.ts -> node_modules/commander/index.js',
    ],
    [
      'a development dependency',
      { 'base/dev.ts': `import { version } from 'typescript';\nexport const dev = version;\n` },
      'declared-dependencies: src/base/dev.ts -> node_modules/typescript/index.js',
    ],
    [
      'an orphan',
      { 'base/alone.ts': `export const alone = 1;\n` },
      'no-orphans: src/base/alone.ts -> src/base/alone.ts',
    ],
    [
      'a folder that the layers do not list',
      { 'utils/all.ts': `import { zero } from '../base/clock.js';\nexport const all = zero;\n` },
      'unknown-folder: src/utils/all.ts -> src/base/clock.ts',
    ],
    [
      'an import that leads nowhere',
      { 'base/gone.ts': `import { x } from './nowhere.js';\nexport const gone = x;\n` },
      'resolvable: src/base/gone.ts -> ./nowhere.js',
    ],
  ];

  // All of them in one repository: a cruise takes a second, and each violation is reported by itself.
  let found: string[] = [];
  beforeAll(async () => {
    const changes = cases.map(([, change]) => change);
    found = await inspect(Object.assign({}, cycle, ...changes) as House);
  });

  it.each(cases)('reports %s', (_what, _changes, expected) => {
    expect(found).toContain(expected);
  });

  it('reports a cycle, even one of types', () => {
    expect(found.join('\n')).toMatch(/no-circular: src\/base\/[ab]\.ts -> src\/base\/[ab]\.ts/);
  });
});
