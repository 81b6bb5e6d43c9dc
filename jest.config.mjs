import { availableParallelism } from 'node:os';

/**
 * Tests that take long and seldom break: browsers, packed tarballs, containers' files, Sentinel and
 * clusters, the benchmarks. `npm run test:full` runs them as well, and so does `.ci/run`.
 */
const LONG = [
  'coherence/failover',
  'coherence/lost-state',
  'integration/bench',
  'integration/bench-eviction',
  'integration/bench-rivals',
  'integration/deploy/*',
  'integration/docs-run',
  'integration/esbuild-decorators',
  'integration/example',
  'integration/example-serve',
  'integration/http/page',
  'integration/http/page-adverse',
  'integration/machine-clock',
  'integration/nginx/balancing',
  'integration/nginx/matrix',
  'integration/node-versions',
  'integration/package',
  'integration/package-bundled',
  'integration/redis/cluster-failover',
  'integration/redis/sentinel-failover',
  'integration/redis/topologies',
  'integration/redis/unreachable',
  'model/eviction-long.model',
];

const named = (files) => files.map((file) => `<rootDir>/tests/${file}.test.ts`);

/** Jest's patterns for paths are expressions, those for tests are globs. */
const ignored = (files) =>
  files.map((file) => `<rootDir>/tests/${file.replace('*', '[^/]+')}\\.test\\.ts$`);

/** Sources say './x.js' and mean './x.ts'; packages mean what they say. */
const SOURCES = { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] };

const project = (displayName, testMatch, tsconfig, settings = {}) => ({
  displayName,
  testEnvironment: 'node',
  testMatch,
  runner: '<rootDir>/tests/support/runner.cjs',
  transform: {
    '/tests/(?:decorator-modes|legacy|unit/decorators)/.*\\.ts$': [
      'ts-jest',
      { tsconfig: `<rootDir>/tests/support/${tsconfig}` },
    ],
    '\\.ts$': '<rootDir>/tests/support/transform.cjs',
  },
  moduleNameMapper: {
    '^aurora-cache$': '<rootDir>/src/index.ts',
    '^aurora-cache/([a-z]+)$': '<rootDir>/src/$1/index.ts',
    ...SOURCES,
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/'],
  restoreMocks: true,
  errorOnDeprecated: true,
  ...settings,
});

const folders = (...names) => [`<rootDir>/tests/{${names.join(',')}}/**/*.test.ts`];

export default {
  globalSetup: '<rootDir>/tests/support/ensure-programs.mjs',
  // One project per decorator mode, of which tests/decorator-modes runs in both, and the long tests.
  projects: [
    project(
      'unit',
      folders('unit', 'model', 'simulation', 'integration', 'coherence', 'decorator-modes'),
      'tsconfig.stage3.json',
      { testPathIgnorePatterns: ['/node_modules/', ...ignored(LONG)] },
    ),
    project('legacy', folders('legacy', 'decorator-modes'), 'tsconfig.legacy.json'),
    // Both decorator modes once more on the bundle, which could hold a class twice.
    ...['stage3', 'legacy'].map((mode) =>
      project(
        `packed-${mode}`,
        ['<rootDir>/tests/decorator-modes/**/*.test.ts'],
        `tsconfig.${mode}.json`,
        {
          globalSetup: '<rootDir>/tests/support/ensure-built.mjs',
          moduleNameMapper: {
            '^aurora-cache$': '<rootDir>/dist/cjs/index.js',
            '^aurora-cache/([a-z]+)$': '<rootDir>/dist/cjs/$1/index.js',
            ...SOURCES,
          },
          modulePathIgnorePatterns: ['<rootDir>/build/'],
        },
      ),
    ),
    project('long', named(LONG), 'tsconfig.stage3.json', {
      globalSetup: '<rootDir>/tests/support/ensure-long-programs.mjs',
    }),
  ],
  reporters: ['default', '<rootDir>/tests/support/count-reporter.cjs'],
  // Most tests wait for Redis, nginx or another process for a third of their time.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  // Nothing takes as long, but on a machine that is slow and busy.
  testTimeout: 180_000,
  coverageProvider: 'v8',
  coverageDirectory: 'build/coverage',
  collectCoverageFrom: ['src/**/*.ts'],
};
