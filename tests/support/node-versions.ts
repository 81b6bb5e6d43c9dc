import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(__dirname, '../..');

/**
 * Path of a Node of another major version, from npm's packages; it stays in `build/` for next time.
 *
 * @throws when the package cannot be installed.
 */
export async function nodeOfMajor(major: number): Promise<string> {
  const folder = join(root, 'build/nodes', String(major));
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const program = join(
    folder,
    'node_modules',
    name,
    'bin',
    platform === 'win' ? 'node.exe' : 'node',
  );
  if (!existsSync(program)) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
    const words = ['install', '--no-audit', '--no-fund', '--no-save', `${name}@${String(major)}`];
    await run('npm', words, { cwd: folder, shell: platform === 'win' });
  }
  return program;
}
