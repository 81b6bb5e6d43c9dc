'use strict';

/**
 * The layers: from which folders of src/ each folder may import, types included. A folder that is not listed
 * here may import nothing, and no folder may import it.
 */
const layers = {
  base: [],
  stats: ['base'],
  memory: ['base'],
  store: ['base'],
  redis: ['base', 'store'],
  cache: ['base', 'stats', 'memory', 'store'],
  decorators: ['base', 'stats', 'cache'],
  http: ['base', 'stats', 'cache'],
  testing: ['base'],
  prometheus: ['base', 'stats', 'cache'],
  nginx: ['base'],
  cli: ['base', 'nginx'],
};

/** Folders with their own entry point; src/index.ts must not load them. */
const ownEntryPoints = ['redis', 'http', 'prometheus', 'nginx', 'cli', 'testing'];

/** Modules that only one folder may import, so that no other entry point and its types contain them. */
const privateModules = {
  redis: '(^|node_modules/)(ioredis|@keyv/redis|@redis/[^/]+|redis)(/|$)',
  prometheus: '(^|node_modules/)prom-client(/|$)',
  http: '^(node:)?(http|https|http2)$',
  cli: '(^|node_modules/)(commander|jsonc-parser)(/|$)',
};

/** Development dependencies that the build bundles, so that users do not install them. */
const bundled = ['commander', 'jsonc-parser', 'valibot'];

/** The only module of cache/ that imports redis/: at run time, and only if a cache uses Redis. */
const redisEntry = '^src/cache/core/redis-tier\\.ts$';

const any = (names) => `(${names.join('|')})`;

const layerRules = Object.entries(layers).map(([folder, below]) => ({
  name: `layer-${folder}`,
  comment: `${folder}/ imports from ${below.join(', ') || 'nothing'}: imports point down, and folders of one layer do not import each other.`,
  severity: 'error',
  from: { path: `^src/${folder}/`, ...(folder === 'cache' && { pathNot: redisEntry }) },
  to: { path: '^src/', pathNot: `^src/${any([folder, ...below])}/` },
}));

const redisEntryRules = [
  {
    name: 'redis-entry-folders',
    comment: 'cache/core/redis-tier.ts imports what cache/ may, and redis/open.ts.',
    severity: 'error',
    from: { path: redisEntry },
    to: {
      path: '^src/',
      pathNot: [`^src/${any(['cache', ...layers.cache])}/`, '^src/redis/open\\.ts$'],
    },
  },
  {
    name: 'redis-entry-dynamic',
    comment:
      'redis/ is imported by import() only, so that ioredis loads only if a cache uses Redis.',
    severity: 'error',
    from: { path: redisEntry },
    to: { path: '^src/redis/', dynamic: false },
  },
];

const boundaries = Object.entries(privateModules).map(([folder, path]) => ({
  name: `only-${folder}`,
  comment: `Only ${folder}/ may import this.`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${folder}/` },
  to: { path },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layerRules,
    ...boundaries,
    ...redisEntryRules,
    {
      name: 'index-stays-light',
      comment: 'src/index.ts does not load the folders that have their own entry point.',
      severity: 'error',
      from: { path: '^src/[^/]+$' },
      to: { path: `^src/${any(ownEntryPoints)}/` },
    },
    {
      name: 'unknown-folder',
      comment: 'The folder is not listed: add it to `layers` with its allowed imports.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/${any(Object.keys(layers))}/` },
      to: {},
    },
    {
      name: 'no-circular',
      comment: 'No cycles, type imports included.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Neither imports nor is imported: remove it or use it.',
      severity: 'error',
      from: {
        orphan: true,
        path: '^src/',
        pathNot: ['^src/index\\.ts$', '^src/[^/]+/index\\.ts$'],
      },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-dependencies',
      comment: 'src/ imports only what package.json installs for users, or the build bundles.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // An optional peer is a development dependency as well.
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional'],
        pathNot: `node_modules/${any(['@types/node', ...bundled])}/`,
      },
    },
    {
      name: 'outside-src',
      comment: 'src/ imports nothing of this repository that lies outside src/.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['local', 'localmodule', 'aliased'], pathNot: '^src/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
    },
  },
};
