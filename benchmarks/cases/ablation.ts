/**
 * The gain of each optimization: the package as it is, against the package without it. An optimization that
 * saves less than 10 % of its operation is removed.
 */
import { competeAfresh } from '../harness/afresh.js';
import { atLeast, type BenchOptions, type Report } from '../harness/report.js';
import { of } from '../harness/rounds.js';
import { TRICKS } from './ablation-races.js';

/** The minimum gain that justifies an optimization. */
const WORTH_IT = 1.1;

export async function ablation(bench: BenchOptions): Promise<Report> {
  const rows: (readonly (string | number)[])[] = [];
  const bars: Report['bars'][number][] = [];
  for (const [name, { what }] of Object.entries(TRICKS)) {
    const results = await competeAfresh('ablation-worker.ts', name, bench);
    const [kept, without] = [of(results, 'with'), of(results, 'without')];
    const ratio = `${without.ratio.toFixed(2)}x`;
    rows.push([name, what, kept.median, without.median, ratio]);
    bars.push(atLeast(`gain by the ${name}`, WORTH_IT, without.ratio));
  }
  const title = 'Tricks, and their operations without them';
  const columns = ['trick', 'operation', 'ns with', 'ns without', 'without ÷ with'];
  return { tables: [{ title, columns, rows }], bars };
}
