import { join } from 'node:path';

import { folderWith } from './npm-folder.js';

/**
 * Path of a Node of some major version, from npm's packages.
 *
 * @throws when the package cannot be installed.
 */
export async function nodeOfMajor(major: number): Promise<string> {
  const isWindows = process.platform === 'win32';
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;
  const folder = await folderWith(`node-${String(major)}`, `${name}@${String(major)}`);
  return join(folder, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node');
}
