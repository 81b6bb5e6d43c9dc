/** Two projects, one per decorator dialect; tests/dialects runs in both. */
const project = (displayName, folders, tsconfig) => ({
  displayName,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/tests/{${folders.join(',')}}/**/*.test.ts`],
  transform: { '\\.ts$': ['ts-jest', { tsconfig: `<rootDir>/tests/support/${tsconfig}` }] },
  moduleNameMapper: {
    '^aurora-cache$': '<rootDir>/src/index.ts',
    '^aurora-cache/([a-z]+)$': '<rootDir>/src/$1/index.ts',
    // Sources say './x.js' and mean './x.ts'; packages mean what they say.
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/'],
  restoreMocks: true,
  errorOnDeprecated: true,
});

export default {
  globalSetup: '<rootDir>/tests/support/ensure-programs.mjs',
  projects: [
    project(
      'unit',
      ['unit', 'model', 'simulation', 'integration', 'coherence', 'dialects'],
      'tsconfig.stage3.json',
    ),
    project('legacy', ['legacy', 'dialects'], 'tsconfig.legacy.json'),
  ],
  reporters: ['default', '<rootDir>/tests/support/count-reporter.cjs'],
  maxWorkers: '100%',
  testTimeout: 10_000,
  coverageProvider: 'v8',
  coverageDirectory: 'build/coverage',
  collectCoverageFrom: ['src/**/*.ts'],
};
