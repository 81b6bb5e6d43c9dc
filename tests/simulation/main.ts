import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Totals } from './totals.js';
import { simulate } from './simulation.js';

/*
 * npm run simulate -- --seeds 100000 [--seed 1] [--workers 2]
 *
 * Runs a number of seeds, distributed over processes, and prints the trace of the first one
 * that breaks a promise. Exits with 1 then.
 */

const SLICE = 500;

interface Slice {
  readonly first: number;
  readonly count: number;
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
  },
});

async function live({ first, count }: Slice): Promise<Totals> {
  const totals = new Totals();
  for (let seed = first; seed < first + count; seed++) totals.add(await simulate(seed));
  return totals;
}

/** A child: receives slices of the seeds, and sends back their totals. */
function serve(send: (totals: Totals) => void): void {
  process.on('message', (slice: Slice) => {
    void live(slice).then(send);
  });
}

async function runAll(first: number, count: number, workers: number): Promise<Totals> {
  const total = new Totals();
  let next = first;
  let told = 0;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(fileURLToPath(import.meta.url));
      const give = (): void => {
        if (next >= first + count) {
          child.disconnect();
          resolve();
          return;
        }
        const slice = { first: next, count: Math.min(SLICE, first + count - next) };
        next += slice.count;
        child.send(slice);
      };
      child.on('message', (totals: Totals) => {
        total.merge(totals);
        if (total.seeds - told >= count / 20) {
          told = total.seeds;
          console.log(`${told} of ${count} seeds, ${total.failed.length} failed`);
        }
        give();
      });
      child.on('exit', (code) => {
        if (code !== 0) reject(new Error(`A worker has ended with ${code}.`));
      });
      give();
    });
  await Promise.all(Array.from({ length: workers }, work));
  return total;
}

async function main(): Promise<void> {
  const start = performance.now();
  const first = Number(values.seed);
  const total = await runAll(first, Number(values.seeds), Number(values.workers));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${total.toString()}; ${seconds} s`);
  const failed = total.failed.sort((one, other) => one - other);
  const [seed] = failed;
  if (seed === undefined) {
    console.log('0 stale');
    return;
  }
  const { violations, trace } = await simulate(seed, { traced: true });
  console.log(`${trace.join('\n')}\n\nseed ${seed}:\n${violations.join('\n')}`);
  console.log(`\n${failed.length} seeds failed: ${failed.slice(0, 100).join(' ')}`);
  process.exitCode = 1;
}

if (process.send === undefined) void main();
else serve((totals) => process.send?.(totals));
