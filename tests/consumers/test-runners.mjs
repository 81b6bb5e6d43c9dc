/** The program in the tests of a project. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expected } from './expected.mjs';
import { copySources, decoratorModes, home, node, out, tool } from './project.mjs';

export function testRunners() {
  return [
    { name: 'vitest', run: vitest },
    { name: 'ts-jest', run: tsJest },
  ];
}

const test = (imports, program) => `
  ${imports}
  import { run } from '${program}';
  test('sees what it should', async () => {
    expect(await run()).toEqual(${JSON.stringify(expected)});
  });`;

/** Its compiler reads the decorator mode from tsconfig.json, and leaves Stage-3 decorators as they are. */
async function vitest() {
  const folder = join(out, 'vitest');
  await copySources(folder);
  await writeFile(
    join(folder, 'program.test.ts'),
    test("import { expect, test } from 'vitest';", './program.js'),
  );
  await node(join(home, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder);
  return {};
}

async function tsJest() {
  for (const decoratorMode of decoratorModes) {
    const folder = join(out, 'ts-jest', decoratorMode);
    await copySources(folder);
    await writeFile(join(folder, 'program.test.ts'), test('', './program'));
    const tsconfig = {
      target: 'es2022',
      module: 'commonjs',
      moduleResolution: 'node10',
      ignoreDeprecations: '6.0',
      esModuleInterop: true,
      types: ['node', 'jest'],
      experimentalDecorators: decoratorMode === 'legacy',
    };
    const config = {
      rootDir: folder,
      transform: { '\\.ts$': [tool.resolve('ts-jest'), { tsconfig, diagnostics: true }] },
    };
    const bin = join(home, 'node_modules/jest/bin/jest.js');
    await node(bin, '--runInBand', '--config', JSON.stringify(config));
  }
  return {};
}
