/** Building and packing, for the npm scripts and for the tests that install the packed tarball. */
import { execFile } from 'node:child_process';
import {
  chmod,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { bundle } from './bundle.mjs';

const run = promisify(execFile);
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const scratch = join(root, 'build');
const dist = join(root, 'dist');
/** Written last, dated with the start of the build: an edit made while tsc ran makes it stale. */
const stamp = join(dist, 'cjs', 'package.json');
const inputs = [
  'src',
  'package.json',
  'scripts/bundle.mjs',
  'tsconfig.base.json',
  'tsconfig.build.json',
];

/** Makes both formats beside `dist` and swaps them in, so that no reader sees half a build. */
export const build = () => locked(compile);

/** Builds if `dist` is missing or older than what it is made from. */
export const ensureBuilt = () =>
  locked(async () => {
    if (await isStale()) await compile();
  });

/** Packs what `ensureBuilt` leaves into `destination`; resolves to the tarball's path. */
export const pack = (destination) =>
  locked(async () => {
    if (await isStale()) await compile();
    const { stdout } = await run(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', destination],
      { cwd: root },
    );
    return join(destination, JSON.parse(stdout)[0].filename);
  });

async function compile() {
  const started = new Date();
  const next = join(scratch, `dist-${process.pid}`);
  await rm(next, { recursive: true, force: true });
  try {
    const types = join(next, 'types');
    await declare(types);
    await bundle(types, next);
    await rm(types, { recursive: true });
    await chmod(join(next, 'esm', 'cli', 'main.js'), 0o755);
    const marker = join(next, 'cjs', 'package.json');
    await writeFile(marker, '{ "type": "commonjs" }\n');
    await utimes(marker, started, started);
    await rm(dist, { recursive: true, force: true });
    await rename(next, dist).catch(() =>
      cp(next, dist, { recursive: true, preserveTimestamps: true }),
    );
  } finally {
    await rm(next, { recursive: true, force: true });
  }
}

/** Checks the sources, and writes their declarations. */
async function declare(outDir) {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const project = join(root, 'tsconfig.build.json');
  await run(process.execPath, [compiler, '-p', project, '--outDir', outDir], { cwd: root }).catch(
    (error) => {
      throw new Error(`tsc failed\n${error.stdout || String(error)}`);
    },
  );
}

async function isStale() {
  const built = await stat(stamp).catch(() => undefined);
  if (built === undefined) return true;
  const changed = await Promise.all(inputs.map((input) => newest(join(root, input))));
  return Math.max(...changed) > built.mtimeMs;
}

/** Folders count too: their time is what a deleted or renamed file changes. */
async function newest(path) {
  const info = await stat(path);
  if (!info.isDirectory()) return info.mtimeMs;
  const children = await readdir(path);
  return Math.max(
    info.mtimeMs,
    ...(await Promise.all(children.map((name) => newest(join(path, name))))),
  );
}

/** One builder or packer at a time, across processes; the lock of a dead process is taken over. */
async function locked(work) {
  const lock = join(scratch, 'package.lock');
  await mkdir(scratch, { recursive: true });
  while (!(await acquire(lock))) await sleep(100);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function acquire(lock) {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
  return false;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
