import { join } from 'node:path';

import { entryPoints, exportsOf, report } from '../support/public-names.js';

const src = join(__dirname, '../../src');

describe('the public surface', () => {
  const entries = [...entryPoints()];

  it('is recorded for every entry point', () => {
    expect(Object.keys(report.exported).sort()).toEqual(entries.map(([name]) => name).sort());
  });

  // A new name is a promise, a removed one breaks programs: write either into public-names.json, and
  // into CHANGELOG.md.
  it.each(entries)('of %s is as recorded', (name, module) => {
    expect(exportsOf(join(src, `${module}.ts`))).toEqual(report.exported[name]);
  });
});
