import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(__dirname, '../..');

/**
 * A folder below `build/` with an installed package that is not one of our dependencies. It is kept
 * for the next run.
 *
 * @param name - Name of the folder.
 * @param specifier - `vitest@4`.
 * @throws when the package cannot be installed.
 */
export async function folderWith(name: string, specifier: string): Promise<string> {
  const folder = join(root, 'build/tools', name);
  const installed = join(folder, 'node_modules', specifier.replace(/(?<=.)@.*$/, ''));
  if (!existsSync(join(installed, 'package.json'))) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    const words = ['install', '--no-audit', '--no-fund', '--no-save', specifier];
    await run('npm', words, { cwd: folder, shell: process.platform === 'win32' });
  }
  return folder;
}
