import { execFile, type ExecFileException } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Report } from '../../benchmarks/harness/report.js';

export const root = join(__dirname, '../..');
export const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
export const tsc = join(root, 'node_modules/typescript/bin/tsc');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function node(words: readonly string[], env = process.env): Promise<Outcome> {
  return new Promise((resolve) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    };
    execFile(process.execPath, words, { cwd: root, env, maxBuffer: 2 ** 24 }, done);
  });
}

/** `npm run bench -- --quick <words>`, on the sources; the measurements mean nothing. */
export const bench = (...words: string[]): Promise<Outcome> =>
  node([tsx, 'benchmarks/main.ts', '--quick', ...words]);

export const reportOf = (name: string): Report =>
  JSON.parse(readFileSync(join(root, `build/bench/quick/${name}.json`), 'utf8')) as Report;

export const names = (report: Report, title: string): string[] =>
  (report.tables.find((table) => table.title.startsWith(title))?.rows ?? []).map(([name]) =>
    String(name),
  );

export const columns = (report: Report, title: string): readonly string[] =>
  report.tables.find((table) => table.title === title)?.columns ?? [];

/** On a machine of any speed, every figure is measured and plausible. */
export function expectFigures(report: Report): void {
  expect(report.tables.length).toBeGreaterThan(0);
  for (const { columns, rows } of report.tables) {
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row).toHaveLength(columns.length);
      expect(row.join()).not.toMatch(/NaN|Infinity|undefined|null/);
    }
  }
  for (const { figure } of report.bars) expect(figure).toBeGreaterThan(0);
}
