import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { printable } from '../base/printable.js';
import { codeOf, EXIT, Failure, reason } from './failure.js';

/**
 * Puts a text in a file at once: beside it first, then in its place, so that a reader never sees half of
 * it, and the old text stays when anything fails. Mode and owner of an existing file are kept, and
 * a symbolic link stays one.
 *
 * @throws Failure when it cannot be written.
 */
export async function writeOutput(path: string, text: string): Promise<void> {
  try {
    const target = await destination(path);
    const old = await existing(target);
    // A device or a pipe is written into; a file in its place would be no device any more.
    if (old !== undefined && !old.isFile()) await writeFile(target, text);
    else await replace(target, text, old);
  } catch (error) {
    throw new Failure(`cannot write ${printable(path)}: ${reason(error)}.`, EXIT.failed);
  }
}

async function replace(target: string, text: string, old: Stats | undefined): Promise<void> {
  // The same folder, since a rename does not cross file systems; hidden, so that no `include *` sees it.
  const draft = join(dirname(target), `.aurora-cache-${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(draft, 'wx', old === undefined ? 0o666 : 0o600);
    try {
      await file.writeFile(text);
      if (old !== undefined) {
        // Only root may give files away; what is left then is a file of the caller's.
        await file.chown(old.uid, old.gid).catch(() => undefined);
        await file.chmod(old.mode & 0o7777);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Where a path leads, links followed, whether or not there is a file. */
async function destination(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const link = await readlink(path).catch(() => undefined);
  return link === undefined ? resolve(path) : await destination(resolve(dirname(path), link));
}

async function existing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether both paths lead to one file. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path).catch(() => undefined)));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
