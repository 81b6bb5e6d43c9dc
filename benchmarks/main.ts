/**
 * Runs the benchmarks that are named on the command line, or all of them, against the built package.
 *
 *     npm run bench
 *     npm run bench -- memory-hit
 */
import { http } from './http.js';
import { memoryHit } from './memory-hit.js';
import { patterns } from './patterns.js';
import { redisHit } from './redis-hit.js';

const cases: Readonly<Record<string, () => Promise<void>>> = {
  http,
  'memory-hit': memoryHit,
  'redis-hit': redisHit,
  patterns,
};

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(cases);
const unknown = names.find((name) => !Object.hasOwn(cases, name));
if (unknown === undefined) {
  console.log(`Node ${process.version}, ${process.platform} ${process.arch}`);
  for (const name of names) await cases[name]?.();
} else {
  console.error(`There is no benchmark '${unknown}'. Known are ${Object.keys(cases).join(', ')}.`);
  process.exitCode = 2;
}
