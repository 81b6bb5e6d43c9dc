/**
 * Builds and runs one program with the tools that users have, from the packed tarball:
 * `npm run check:consumers`, or `-- webpack deno` for the cells whose names contain a word.
 *
 * The tools are installed below build/consumers, once for each version of package.json.
 */
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';

import { bundlers } from './bundlers.mjs';
import { compilers } from './compilers.mjs';
import { expected } from './expected.mjs';
import { out, prepare } from './project.mjs';
import { runtimes } from './runtimes.mjs';
import { testRunners } from './test-runners.mjs';

const words = process.argv.slice(2);
const started = performance.now();
await prepare();
console.log(`Ready after ${seconds(started)}.`);
await rm(out, { recursive: true, force: true });

// Each step uses what the one before it has built.
const failures = [];
for (const cells of [compilers(), [...bundlers(), ...testRunners(), ...runtimes()]]) {
  await inParallel(cells.filter(({ name, isNeeded }) => isNeeded || isWanted(name)));
}
console.log(
  `\n${failures.length === 0 ? 'All is well' : `${failures.length} failed`} after ${seconds(started)}.`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

function isWanted(name) {
  return words.length === 0 || words.some((word) => name.includes(word));
}

async function inParallel(cells) {
  const waiting = [...cells];
  const work = async () => {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) await check(cell);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** A cell resolves to what its programs printed, by name; each of them must have seen the same. */
async function check({ name, run }) {
  const start = performance.now();
  const problems = [];
  try {
    const printed = await run();
    for (const [program, text] of Object.entries(printed)) {
      const seen = JSON.parse(text);
      if (!isDeepStrictEqual(seen, expected)) problems.push(`${program} printed ${text}`);
    }
    const programs = Object.keys(printed).join(', ') || 'its tests';
    const verdict = problems.length === 0 ? 'ok  ' : 'FAIL';
    console.log(`${verdict} ${name} (${programs}), ${seconds(start)}`);
  } catch (error) {
    problems.push(`${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`.trim());
    console.log(`FAIL ${name}, ${seconds(start)}`);
  }
  for (const problem of problems) console.error(problem.replace(/^/gm, '     '));
  failures.push(...problems);
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
