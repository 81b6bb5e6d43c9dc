import { bench, expectFigures, names, node, reportOf } from '../support/bench.js';

describe('the benchmarks', () => {
  jest.setTimeout(600_000);

  it('measure ours alone, without anything to install', async () => {
    const cases = ['stampede', 'http', 'package', 'ablation'];
    const { code, stderr, stdout } = await bench('--no-rivals', ...cases);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Node ${process.version}`);
    for (const name of cases) expectFigures(reportOf(name));
    const [one] = reportOf('stampede').tables;
    // Loads of a key that a thousand callers want at once, in one process and in four.
    expect([one?.rows[0]?.[1], one?.rows[0]?.[4]]).toEqual(['1', '1']);
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
