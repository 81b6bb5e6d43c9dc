/**
 * The way of a new user, on the packed tarball: `node scripts/check-quick-start.mjs`. Runs the README's Quick
 * start in an empty folder, with tsx and with tsc, compares the output, and fails if the commands take
 * longer than two minutes.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { pack } from './package.mjs';

const MAX_SECONDS = 120;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const readme = await readFile(join(root, 'README.md'), 'utf8');
const [, section = ''] = readme.split('\n## Quick start\n');
const [quickStart = ''] = section.split('\n## ');

/** The first block of a language in the Quick start. */
function block(language) {
  const [, code] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(quickStart) ?? [];
  if (code === undefined) throw new Error(`The Quick start has no block of ${language}.`);
  return code;
}

const folder = await mkdtemp(join(tmpdir(), 'aurora-cache-check-quick-start-'));
const tarballs = await mkdtemp(join(tmpdir(), 'aurora-cache-tarball-'));
try {
  const tarball = await pack(tarballs);
  const started = performance.now();
  const run = async (command, ...args) => {
    const from = performance.now();
    const { stdout } = await promisify(execFile)(command, args, { cwd: folder });
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    console.log(`${seconds.padStart(6)} s  ${[command, ...args].join(' ')}`);
    return stdout;
  };
  const expect = (output) => {
    if (output !== block('text'))
      throw new Error(`The README promises\n${block('text')}\nbut got\n${output}`);
  };

  await writeFile(join(folder, 'users.mts'), block('ts'));
  await run('npm', 'install', '--no-audit', '--no-fund', tarball);
  await run('npm', 'install', '--no-audit', '--no-fund', 'tsx');
  expect(await run('npx', 'tsx', 'users.mts'));

  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  await writeFile(join(folder, 'tsconfig.json'), block('json'));
  await run(
    'npm',
    'install',
    '--no-audit',
    '--no-fund',
    `typescript@${devDependencies.typescript}`,
  );
  await run('npx', 'tsc');
  expect(await run('node', 'users.mjs'));

  const seconds = (performance.now() - started) / 1000;
  console.log(`${seconds.toFixed(1).padStart(6)} s  in all`);
  if (seconds > MAX_SECONDS) throw new Error(`More than ${String(MAX_SECONDS)} s.`);
} finally {
  await rm(folder, { recursive: true, force: true });
  await rm(tarballs, { recursive: true, force: true });
}
