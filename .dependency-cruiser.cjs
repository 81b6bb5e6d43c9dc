'use strict';

/**
 * The house: which rooms of src/ each room may import from, types included. A room that is not listed
 * here may import nothing, and no room may import it.
 */
const house = {
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

/** Rooms with an entry point of their own; src/index.ts must not pull them in. */
const ownEntryPoints = ['redis', 'http', 'prometheus', 'nginx', 'cli', 'testing'];

/** Modules that only one room may import, so that they appear in no other entry point and its types. */
const privateModules = {
  redis: '(^|node_modules/)(ioredis|@keyv/redis|@redis/[^/]+|redis)(/|$)',
  prometheus: '(^|node_modules/)prom-client(/|$)',
  http: '^(node:)?(http|https|http2)$',
  cli: '(^|node_modules/)(commander|jsonc-parser)(/|$)',
};

/** Development dependencies that the build bundles, so that users do not install them. */
const bundled = ['commander', 'jsonc-parser', 'valibot'];

/** The one door between cache/ and redis/: at run time, and only when a cache is given a Redis. */
const redisDoor = '^src/cache/core/redis-tier\\.ts$';

const any = (names) => `(${names.join('|')})`;

const floors = Object.entries(house).map(([room, below]) => ({
  name: `floor-${room}`,
  comment: `${room}/ imports from ${below.join(', ') || 'nothing'}: imports point down, and rooms on one floor do not import each other.`,
  severity: 'error',
  from: { path: `^src/${room}/`, ...(room === 'cache' && { pathNot: redisDoor }) },
  to: { path: '^src/', pathNot: `^src/${any([room, ...below])}/` },
}));

const door = [
  {
    name: 'redis-door-rooms',
    comment: 'cache/core/redis-tier.ts imports what cache/ may, and redis/open.ts.',
    severity: 'error',
    from: { path: redisDoor },
    to: {
      path: '^src/',
      pathNot: [`^src/${any(['cache', ...house.cache])}/`, '^src/redis/open\\.ts$'],
    },
  },
  {
    name: 'redis-door-dynamic',
    comment: 'ioredis loads only when a cache uses Redis: the door opens by import() only.',
    severity: 'error',
    from: { path: redisDoor },
    to: { path: '^src/redis/', dynamic: false },
  },
];

const boundaries = Object.entries(privateModules).map(([room, path]) => ({
  name: `only-${room}`,
  comment: `Only ${room}/ may import this.`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${room}/` },
  to: { path },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...floors,
    ...boundaries,
    ...door,
    {
      name: 'index-stays-light',
      comment: 'src/index.ts does not load the rooms that have their own entry point.',
      severity: 'error',
      from: { path: '^src/[^/]+$' },
      to: { path: `^src/${any(ownEntryPoints)}/` },
    },
    {
      name: 'unknown-room',
      comment: 'A folder that the house does not know: draw it into `house` first.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/${any(Object.keys(house))}/` },
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
      name: 'out-of-house',
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
