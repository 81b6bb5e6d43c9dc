import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { ProbeReport } from './context-probe.js';

const root = join(__dirname, '../..');

/** Runs the probe with a version of Node. */
export async function probeContexts(node: string, redisUrl: string): Promise<ProbeReport> {
  const words = ['--expose-gc', '--import', 'tsx', 'tests/support/context-probe.ts', redisUrl];
  const { stdout } = await promisify(execFile)(node, words, { cwd: root });
  return JSON.parse(stdout) as ProbeReport;
}

/** Expects that no scenario keeps a context, and that everything runs in the right one. */
export function expectNothingKept({ reachable, contexts }: ProbeReport): void {
  const names = Object.keys(reachable);
  expect(names.length).toBeGreaterThan(10);
  expect(reachable).toEqual(Object.fromEntries(names.map((name) => [name, 0])));
  const ranIn = Object.fromEntries(
    Object.entries(contexts).map(([what, all]) => [what, [...new Set(all)]]),
  );
  expect(ranIn).toEqual({
    // Of the request that caused them.
    hit: [1],
    miss: [1],
    load: [1],
    loadError: [1],
    loader: [1],
    stale: [2],
    'abort of a load': [2],
    'refresh ahead': [2],
    // Outside of every request.
    evict: [null],
    degraded: [null],
    recovered: [null],
  });
}
