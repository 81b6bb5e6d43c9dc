import { execFile, type ExecFileException } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Report } from '../../benchmarks/harness/report.js';

const root = join(__dirname, '../..');
const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
const tsc = join(root, 'node_modules/typescript/bin/tsc');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function node(...words: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    };
    execFile(process.execPath, words, { cwd: root, maxBuffer: 2 ** 24 }, done);
  });
}

/** `npm run bench -- --quick <words>`, on the sources; the figures mean nothing. */
const bench = (...words: string[]): Promise<Outcome> =>
  node(tsx, 'benchmarks/main.ts', '--quick', ...words);

const reportOf = (name: string): Report =>
  JSON.parse(readFileSync(join(root, `build/bench/quick/${name}.json`), 'utf8')) as Report;

const names = (report: Report, title: string): string[] =>
  (report.tables.find((table) => table.title.startsWith(title))?.rows ?? []).map(([name]) =>
    String(name),
  );

/** On a machine of any speed, every figure is measured and plausible. */
function expectFigures(report: Report): void {
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

describe('the benchmarks', () => {
  jest.setTimeout(180_000);

  it('measure ours alone, without anything to install', async () => {
    const cases = ['memory-store', 'stampede', 'http', 'package'];
    const { code, stderr, stdout } = await bench('--no-rivals', ...cases);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Node ${process.version}`);
    for (const name of cases) expectFigures(reportOf(name));
    const [one] = reportOf('stampede').tables;
    // Loads of a key that a thousand callers want at once, in one process and in four.
    expect([one?.rows[0]?.[1], one?.rows[0]?.[4]]).toEqual(['1', '1']);
  });

  it('compare us with rivals that really hit, and whose adapters compile', async () => {
    // Installs the rivals if they are missing.
    const { code, stderr, stdout } = await bench('memory-hit', 'redis-hit', 'memory-store', 'load');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(existsSync(join(root, 'benchmarks/node_modules'))).toBe(true);
    for (const name of ['memory-hit', 'redis-hit', 'memory-store', 'load']) {
      expectFigures(reportOf(name));
    }
    expect(names(reportOf('load'), 'The example')).toEqual(['without cache', 'with cache']);
    expect(names(reportOf('memory-hit'), 'One string')).toEqual(
      expect.arrayContaining(['@Cached', 'layered-loader', 'bentocache', '@type-cacheable/core']),
    );
    expect(names(reportOf('redis-hit'), 'Hit in Redis')).toEqual(
      expect.arrayContaining(['cached(), memory off', 'Keyv + @keyv/redis', 'cache-manager']),
    );
    expect(names(reportOf('memory-store'), 'get')).toContain('lru-cache');
    expect(stdout).toMatch(/layered-loader \d+\.\d+\.\d+/);

    expect(await node(tsc, '-p', 'benchmarks/tsconfig.json')).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  it('compare two builds, and run only the requested case', async () => {
    const build = "import('./scripts/package.mjs').then(({ ensureBuilt }) => ensureBuilt())";
    expect(await node('--eval', build)).toMatchObject({ code: 0 });
    const { code, stderr } = await bench('--against', 'dist', 'memory-hit', 'first-load');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = reportOf('against');
    expectFigures(report);
    expect(names(report, 'Memory hit through @Cached')).toEqual(['the other build', 'this build']);
    expect(report.tables.map(({ title }) => title)).not.toContain('set of 1,000 hot keys');
  });

  it('refuse a folder without a build', async () => {
    const { code, stderr } = await bench('--against', 'docs/none', 'set');
    expect(code).toBe(2);
    expect(stderr).toContain('docs/none holds no build of the package.');
  });

  it('refuse a case that there is not', async () => {
    const { code, stderr } = await bench('memory-hits');
    expect(code).toBe(2);
    expect(stderr).toContain("There is no benchmark 'memory-hits'. Known are memory-hit,");
  });
});
