import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { bundled } from '../support/program.js';

const SEED = Number(process.env['EVICTION_SEED'] ?? Math.floor(2 ** 32 * Math.random()));

let program: string;

beforeAll(async () => {
  program = await bundled(join(__dirname, '../support/eviction-program.ts'));
});

async function run(...words: readonly (string | number)[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...words.map(String)]);
  return stdout;
}

it.each([
  ['adaptive', 'items', 6_000_000],
  ['adaptive', 'bytes', 4_000_000],
  ['lru', 'items', 500_000],
  ['lru', 'bytes', 500_000],
] as const)('%s eviction by %s over %i operations', async (eviction, counts, operations) => {
  process.stdout.write(`EVICTION_SEED=${SEED}\n`);
  const printed = await run('model', eviction, counts, operations, SEED);
  expect(printed).toBe(`${operations} operations`);
});

it('a scan of a million keys does not drive out a hot set of half the store', async () => {
  expect(Number(await run('scan', 1_000_000))).toBeGreaterThan(98);
});
