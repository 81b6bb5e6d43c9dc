import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bench, columns, expectFigures, node, reportOf, tsx } from '../support/bench.js';

describe('the benchmark of eviction', () => {
  jest.setTimeout(600_000);

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
});
