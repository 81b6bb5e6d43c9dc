import { build } from 'esbuild';
import { join } from 'node:path';
import { createRequire } from 'node:module';

const root = join(__dirname, '../..');

/** A service, as a project that builds with esbuild has it. */
const source = `
  import { CacheConfig, Cached, cacheControl, CacheEvict, CacheManager, Memoized } from 'aurora-cache';

  const cache = new CacheManager();
  let calls = 0;

  class Repository {
    @Cached({ cache })
    async find(id) { return this.constructor.name.length > 0 && ++calls; }
  }

  @CacheConfig({ cache, ttl: '7s' })
  class UserService extends Repository {
    // esbuild renames a decorated class that uses its own name.
    static create() { return new UserService(); }
    @Cached() async getUser(id) { return ++calls; }
    @Cached({ keyPrefix: 'user' }) async prefixed(id) { return ++calls; }
    @Cached() static async load(id) { return ++calls; }
    @Memoized() slug(text) { return text + ++calls; }
    @CacheEvict({ methods: ['getUser'] }) async update() {}
    async find(id) { return 'override of ' + await super.find(id); }
  }

  export const run = async () => {
    const users = UserService.create();
    const results = [await users.getUser(1), await users.getUser(1), await users.prefixed(1),
      await UserService.load(1), users.slug('a'), users.slug('a'), await users.find(1), await users.find(1)];
    await users.update();
    results.push(await users.getUser(1));
    const keyOf = (target, name) => cacheControl(target, name).keyFor(1);
    return {
      results,
      keys: [keyOf(users, 'getUser'), keyOf(users, 'prefixed'), keyOf(UserService, 'load'),
        keyOf(users, 'slug'), keyOf(new Repository(), 'find')],
      inherited: await cache.has('UserService:1:find'),
      ttl: cacheControl(users, 'getUser').cacheInfo().ttl,
    };
  };
`;

interface Outcome {
  results: unknown[];
  keys: string[];
  inherited: boolean;
  ttl: number;
}

async function built(
  experimentalDecorators: boolean,
  options: { minify?: boolean; keepNames?: boolean; target?: string },
): Promise<Outcome> {
  const { outputFiles } = await build({
    stdin: { contents: source, loader: 'ts', resolveDir: root },
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    logLevel: 'silent',
    target: 'es2022',
    alias: { 'aurora-cache': join(root, 'src/index.ts') },
    tsconfigRaw: { compilerOptions: { experimentalDecorators } },
    ...options,
  });
  const module: { exports: { run?: () => Promise<Outcome> } } = { exports: {} };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the bundle, as a module
  const load = new Function('module', 'exports', 'require', outputFiles[0]?.text ?? '') as (
    ...scope: unknown[]
  ) => void;
  load(module, module.exports, createRequire(__filename));
  const outcome = await module.exports.run?.();
  return outcome as Outcome;
}

describe.each([
  ['Stage-3', false],
  ['experimentalDecorators', true],
])('built by esbuild with %s', (_, experimental) => {
  const keys = [
    'UserService:1:getUser',
    'user:1:prefixed',
    'UserService:1:static.load',
    'UserService:1:slug',
    'Repository:1:find',
  ];

  it.each([
    ['as it is', {}],
    ['for older cores', { target: 'es2020' }],
    ['with keepNames', { keepNames: true }],
    ['minified, with keepNames', { minify: true, keepNames: true }],
  ])('%s, a decorated class runs, and its keys are the same', async (__, options) => {
    const outcome = await built(experimental, options);
    expect(outcome.keys).toEqual(keys);
    expect(outcome.results).toEqual([1, 1, 2, 3, 'a4', 'a4', 'override of 5', 'override of 5', 6]);
    expect(outcome).toMatchObject({ inherited: true, ttl: 7 });
  });

  it('minified without keepNames, keys with a keyPrefix are the same', async () => {
    const outcome = await built(experimental, { minify: true });
    expect(outcome.results.slice(0, 3)).toEqual([1, 1, 2]);
    expect(outcome.keys[1]).toBe('user:1:prefixed');
    // In Stage-3, esbuild restores the name of a class that has a decorator; this one has none.
    expect(outcome.keys[4]).toMatch(/^[^:]{1,3}:1:find$/);
  });
});
