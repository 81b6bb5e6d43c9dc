/**
 * Compares the built package with the libraries that a user would choose instead, on the same work.
 *
 *     npm run bench                             all
 *     npm run bench -- memory-hit redis-hit     some
 *     npm run bench -- --docs                   and puts the tables into docs/performance.md
 *     npm run bench -- --check                  and fails if a bar is missed
 *     npm run bench -- --quick                  only to see that everything works
 *     npm run bench -- --no-rivals              only this package; nothing is installed
 *     npm run bench -- --against <folder>       this build and another one, whose root or dist it is
 *     npm run bench -- eviction --traces <dir>  replays traces of your own; see docs/performance.md
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { ensureBenchmarkPrograms } from '../tests/support/ensure-programs.mjs';
import { ablation } from './cases/ablation.js';
import { bulk } from './cases/bulk.js';
import { eviction } from './cases/eviction.js';
import { http } from './cases/http.js';
import { invalidation } from './cases/invalidation.js';
import { load } from './cases/load.js';
import { memoryHit } from './cases/memory-hit.js';
import { memoryStore } from './cases/memory-store.js';
import { packageCosts } from './cases/package.js';
import { paired, PAIRED_CASES, type PairedCase } from './cases/paired.js';
import { redisHit } from './cases/redis-hit.js';
import { scale } from './cases/scale.js';
import { stampede } from './cases/stampede.js';
import { evictionSettings, UsageError } from './eviction/settings.js';
import { buildProblem } from './harness/builds.js';
import { installRivals } from './harness/install.js';
import { described, machine } from './harness/machine.js';
import { asText } from './harness/print.js';
import { barTable, type BenchOptions, type Report } from './harness/report.js';
import { writeDocs } from './harness/docs.js';

const cases: Readonly<Record<string, (options: BenchOptions) => Promise<Report>>> = {
  'memory-hit': memoryHit,
  'memory-store': memoryStore,
  eviction,
  'redis-hit': redisHit,
  bulk,
  stampede,
  invalidation,
  http,
  load,
  scale,
  package: packageCosts,
  ablation,
};

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  return 2;
});

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      quick: { type: 'boolean', default: false },
      docs: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      rivals: { type: 'boolean', default: true },
      against: { type: 'string' },
      traces: { type: 'string' },
      sizes: { type: 'string' },
      format: { type: 'string' },
      limit: { type: 'string' },
      seed: { type: 'string' },
    },
  });
  // Before anything is installed or measured.
  evictionSettings(values);
  const { against } = values;
  const known = against === undefined ? Object.keys(cases) : PAIRED_CASES;
  const unknown = positionals.find((name) => !(known as readonly string[]).includes(name));
  if (unknown !== undefined) {
    console.error(`There is no benchmark '${unknown}'. Known are ${known.join(', ')}.`);
    return 2;
  }
  if (against !== undefined) {
    const problem = buildProblem(against);
    if (problem !== undefined) {
      console.error(problem);
      return 2;
    }
    ensureBenchmarkPrograms();
  } else if (values.rivals) {
    ensureBenchmarkPrograms();
    installRivals();
  }
  const where = await machine();
  console.log(described(where).join('\n'));
  // A quick run must not overwrite meaningful results.
  const results = new URL(`../build/bench/${values.quick ? 'quick/' : ''}`, import.meta.url);
  await mkdir(results, { recursive: true });
  const reports = new Map<string, Report>();
  const run = (name: string): Promise<Report> =>
    against === undefined
      ? (cases[name] as (typeof cases)[string])(values)
      : paired(against, positionals as PairedCase[], values);
  const wanted = positionals.length > 0 ? positionals : Object.keys(cases);
  for (const name of against === undefined ? wanted : ['against']) {
    const start = performance.now();
    const report = await run(name);
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(`\n=== ${name} (${seconds} s)`);
    for (const table of report.tables) console.log(asText(table));
    if (report.bars.length > 0) console.log(asText(barTable(report.bars)));
    const json = { case: name, machine: where, options: values, seconds, ...report };
    await writeFile(new URL(`${name}.json`, results), `${JSON.stringify(json, null, 2)}\n`);
    reports.set(name, report);
    if (values.docs && against === undefined) await writeDocs(where, new Map([[name, report]]));
  }
  const missed = [...reports.values()].flatMap(({ bars }) => bars).filter(({ met }) => !met);
  for (const { what, wanted } of missed) console.log(`\nMissed: ${what}: ${wanted}`);
  return values.check && missed.length > 0 ? 1 : 0;
}
