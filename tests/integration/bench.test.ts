import { execFile, type ExecFileException } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

function node(words: readonly string[], env = process.env): Promise<Outcome> {
  return new Promise((resolve) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    };
    execFile(process.execPath, words, { cwd: root, env, maxBuffer: 2 ** 24 }, done);
  });
}

/** `npm run bench -- --quick <words>`, on the sources; the figures mean nothing. */
const bench = (...words: string[]): Promise<Outcome> =>
  node([tsx, 'benchmarks/main.ts', '--quick', ...words]);

const reportOf = (name: string): Report =>
  JSON.parse(readFileSync(join(root, `build/bench/quick/${name}.json`), 'utf8')) as Report;

const names = (report: Report, title: string): string[] =>
  (report.tables.find((table) => table.title.startsWith(title))?.rows ?? []).map(([name]) =>
    String(name),
  );

const columns = (report: Report, title: string): readonly string[] =>
  report.tables.find((table) => table.title === title)?.columns ?? [];

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
  jest.setTimeout(600_000);

  it('measure ours alone, without anything to install', async () => {
    const cases = ['memory-store', 'stampede', 'http', 'package', 'ablation'];
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
    const cases = ['memory-hit', 'redis-hit', 'memory-store', 'load'];
    const { code, stderr, stdout } = await bench(...cases);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(existsSync(join(root, 'benchmarks/node_modules'))).toBe(true);
    for (const name of cases) expectFigures(reportOf(name));
    expect(names(reportOf('load'), 'The example')).toEqual(['without cache', 'with cache']);
    expect(names(reportOf('memory-hit'), 'One string')).toEqual(
      expect.arrayContaining(['@Cached', 'layered-loader', 'bentocache', '@type-cacheable/core']),
    );
    expect(names(reportOf('redis-hit'), 'Hit in Redis')).toEqual(
      expect.arrayContaining(['cached(), memory off', 'Keyv + @keyv/redis', 'cache-manager']),
    );
    expect(names(reportOf('memory-store'), 'get')).toContain('lru-cache');
    expect(stdout).toMatch(/layered-loader \d+\.\d+\.\d+/);

    expect(await node([tsc, '-p', 'benchmarks/tsconfig.json'])).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  it('replay built-in workloads against the stores of rivals', async () => {
    const { code, stderr, stdout } = await bench('eviction');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expectFigures(reportOf('eviction'));
    expect(columns(reportOf('eviction'), 'Hit ratio in %')).toEqual(
      expect.arrayContaining(['MemoryStore, adaptive', 'lru-cache', 'transitory', 'optimum']),
    );
    expect(stdout).toContain('Seed 42.');
  });

  it('replay traces from a folder, and name a program that is missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'traces-'));
    try {
      const file = join(folder, 'some.trace');
      writeFileSync(file, Array.from({ length: 999 }, (_, i) => `${i % 50}\n`).join(''));
      const words = ['--no-rivals', 'eviction', '--sizes', '30,100%', '--traces'];
      expect(await bench(...words, folder)).toMatchObject({ code: 0, stderr: '' });
      const report = reportOf('eviction');
      expectFigures(report);
      expect(report.tables[0]?.rows).toEqual([['some', 'lirs', 999, 50]]);
      const hits = report.tables.find(({ title }) => title === 'Hit ratio in %');
      // A loop of 50 keys never hits in an LRU of 30; of 50, all requests but the first of each key do.
      expect(hits?.rows.slice(0, 2)).toEqual([
        expect.arrayContaining(['some, 30', '0.0']),
        expect.arrayContaining(['some, 50', '95.0']),
      ]);

      writeFileSync(`${file}.xz`, 'not read');
      const all = [tsx, 'benchmarks/main.ts', '--quick', ...words, `${file}.xz`];
      const { code, stderr } = await node(all, { ...process.env, PATH: folder });
      expect(code).toBe(2);
      expect(stderr).toContain('this needs the program xz (on Debian, the package xz-utils).');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuse a size that makes no sense, before anything is measured', async () => {
    const { code, stdout, stderr } = await bench('eviction', '--sizes', '1%,two');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain("--sizes: 'two' is not an integer from 20 to");
  });

  it('compare two builds, and run only the requested case', async () => {
    const build = "import('./scripts/package.mjs').then(({ ensureBuilt }) => ensureBuilt())";
    expect(await node(['--eval', build])).toMatchObject({ code: 0 });
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
