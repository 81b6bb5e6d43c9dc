/** The project in which the tools and the packed tarball are installed, and how its programs run. */
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { pack } from '../../scripts/package.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');

export const home = join(root, 'build/consumers');
export const source = join(home, 'src');
export const out = join(home, 'out');
export const decoratorModes = ['stage3', 'legacy'];

/** Loads a tool of the project. */
export const tool = createRequire(join(home, 'package.json'));

/** Runs a program in the project, and resolves to what it printed. */
export async function run(command, args, cwd = home) {
  const { stdout } = await promisify(execFile)(command, args, { cwd, timeout: 300_000 });
  return stdout;
}

/** Runs a file of the project by this Node. */
export const node = async (...args) => await run(process.execPath, args);

export async function prepare() {
  await mkdir(home, { recursive: true });
  await install();
  // Tools look for it upwards, and would find ours, whose `paths` lead to the sources.
  await writeFile(join(home, 'tsconfig.json'), '{ "compilerOptions": { "target": "es2022" } }\n');
  const folder = await mkdtemp(join(tmpdir(), 'aurora-cache-consumers-'));
  try {
    const target = join(home, 'node_modules/aurora-cache');
    await rm(target, { recursive: true, force: true });
    await mkdir(target);
    const tarball = await pack(folder);
    await run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await rm(source, { recursive: true, force: true });
  await cp(join(here, 'fixture'), source, { recursive: true });
}

/** Without a lock file: what users get today is what is checked. */
async function install() {
  const stamp = join(home, 'installed.json');
  const wanted = await readFile(join(here, 'package.json'), 'utf8');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return;
  console.log('Installing the tools into build/consumers');
  await copyFile(join(here, 'package.json'), join(home, 'package.json'));
  const npm = async (...words) => {
    const options = [
      '--ignore-scripts',
      '--no-package-lock',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
    ];
    await run('npm', ['install', ...options, ...words]);
  };
  const system = `${process.platform}-${process.arch}`;
  await npm('--no-save', ...[22, 24].map((major) => `node-${major}@npm:node-${system}@${major}`));
  await writeFile(stamp, wanted);
}

/** A separate project with the sources, whose tsconfig.json sets the legacy decorator mode. */
export async function copySources(folder) {
  await cp(source, folder, { recursive: true });
  const compilerOptions = { target: 'es2022', experimentalDecorators: true };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
}

/** The sources as JavaScript modules, one by one, by a compiler that sees single files. */
export async function transpile(folder, compile) {
  await mkdir(folder, { recursive: true });
  for (const name of ['program', 'main']) {
    const text = await readFile(join(source, `${name}.ts`), 'utf8');
    await writeFile(join(folder, `${name}.js`), await compile(text, `${name}.ts`));
  }
  return join(folder, 'main.js');
}

/** The file of a package's name in a folder of node_modules/@scope, such as Deno's for this system. */
export async function platformBinary(scope, begin, file) {
  const folder = join(home, 'node_modules', scope);
  const name = (await readdir(folder)).find((one) => one.startsWith(begin));
  if (name === undefined) throw new Error(`${scope}: there is no package for ${begin}`);
  return join(folder, name, file);
}
