import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { bundled } from '../../support/program.js';

it('the counters of a cached function are small, whether or not it has loaded', async () => {
  const probe = await bundled(join(__dirname, '../../support/weight-probe.ts'));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', probe]);
  const { hit, load } = JSON.parse(stdout) as Record<'hit' | 'load', number>;
  // Maps, a site and the counters; the histogram alone took 7 kB.
  expect(hit).toBeLessThan(5000);
  expect(load).toBeLessThan(5000);
});
