import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { printable } from '../base/errors/printable.js';
import { codeOf, EXIT, Failure, reason } from './failure.js';

/**
 * Replaces a file atomically: the text is written next to it and then renamed, so that a reader never
 * sees half of it, and the old text stays if anything fails. Keeps mode and owner of an existing file
 * and follows symbolic links.
 *
 * @throws Failure if the file cannot be written.
 */
export async function writeOutput(path: string, text: string): Promise<void> {
  try {
    const target = await destination(path);
    const old = await existing(target);
    // Write into a device or pipe: a rename would replace it with a regular file.
    if (old !== undefined && !old.isFile()) await writeFile(target, text);
    else await replace(target, text, old);
  } catch (error) {
    throw new Failure(`cannot write ${printable(path)}: ${reason(error)}.`, EXIT.failed);
  }
}

async function replace(target: string, text: string, old: Stats | undefined): Promise<void> {
  // In the same folder, since a rename cannot cross file systems; hidden from `include *`.
  const draft = join(dirname(target), `.aurora-cache-${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(draft, 'wx', old === undefined ? 0o666 : 0o600);
    try {
      await file.writeFile(text);
      if (old !== undefined) {
        // Only root may change the owner; otherwise the caller owns the file.
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

/** Resolves the links of a path, whether or not the file exists. */
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

/** Whether both paths lead to the same file. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path).catch(() => undefined)));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
