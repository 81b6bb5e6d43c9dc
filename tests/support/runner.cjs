'use strict';

const { default: TestRunner } = require('jest-runner');

/** From a second or so in a fresh clone: the longest first, so that all workers end together. */
const SLOW = [
  'integration/bench-rivals',
  'integration/bench',
  'integration/http/page-adverse',
  'integration/http/page',
  'integration/package',
  'integration/redis/sentinel-failover',
  'integration/redis/outage',
  'simulation/simulation',
  'integration/nginx/matrix',
  'integration/redis/coordinator-bus',
  'integration/redis/cluster-failover',
  'integration/redis/topologies',
  'integration/bench-eviction',
  'integration/redis/closing',
  'integration/example-serve',
  'integration/redis/patterns',
  'integration/nginx/balancing',
  'integration/cli',
  'integration/redis/read-only',
  'integration/redis/bulk',
  'integration/deploy/monitoring',
  'unit/cache/bounds',
  'integration/example',
  'integration/redis/command-watch',
  'integration/redis/store',
  'integration/redis/refusals',
  'integration/layers',
  'integration/redis/foreign-writers',
  'integration/prometheus/scrape',
  'integration/redis/any-store',
  'integration/redis/coordinator',
  'integration/http/fleet',
  'model/eviction-long.model',
  'integration/redis/callers-client',
  'integration/docs',
];

/** These use all processors, and must run alone. */
const ALONE = [
  'coherence/failover',
  'coherence/lost-state',
  'coherence/no-stale-set',
  'coherence/one-load',
];

const rankIn = (names, { path }) => {
  const rank = names.findIndex((name) => path.endsWith(`/tests/${name}.test.ts`));
  return rank < 0 ? names.length : rank;
};

/** Jest's own runner, which begins with what takes long and ends with what runs alone. */
class Runner extends TestRunner {
  async runTests(tests, watcher, options) {
    const isAlone = (test) => rankIn(ALONE, test) < ALONE.length;
    const together = tests.filter((test) => !isAlone(test));
    // Stable: the rest stays in Jest's order, by what it took the last time.
    together.sort((one, other) => rankIn(SLOW, one) - rankIn(SLOW, other));
    await super.runTests(together, watcher, options);
    await super.runTests(tests.filter(isAlone), watcher, { ...options, serial: true });
  }
}

module.exports = Runner;
