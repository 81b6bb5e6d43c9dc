/** Finds and loads a build of the package by its folder, for comparing two of them. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type * as Main from 'aurora-cache';
import type * as RedisEntry from 'aurora-cache/redis';

interface Exports {
  readonly exports?: Readonly<Record<string, { readonly import?: { readonly default?: string } }>>;
}

/** Why a folder cannot be measured; `undefined` when it holds a build. */
export function buildProblem(folder: string): string | undefined {
  if (fileOf(folder, '.') !== undefined) return undefined;
  return (
    `${folder} holds no build of the package. Run 'npm ci && npm run build' there, and name its ` +
    'root or its dist.'
  );
}

/** The ESM file of an entry point, below a package root or the `dist` in it. */
function fileOf(folder: string, entry: '.' | './redis'): string | undefined {
  const root = [resolve(folder), dirname(resolve(folder))].find((candidate) =>
    existsSync(join(candidate, 'package.json')),
  );
  if (root === undefined) return undefined;
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Exports;
  const file = join(root, manifest.exports?.[entry]?.import?.default ?? '');
  return existsSync(file) && statSync(file).isFile() ? file : undefined;
}

async function load(folder: string, entry: '.' | './redis'): Promise<unknown> {
  const file = fileOf(folder, entry);
  if (file === undefined) throw new Error(buildProblem(folder) ?? `${folder} has no ${entry}.`);
  return await import(pathToFileURL(file).href);
}

/** The main entry point of a build. */
export async function loadMain(folder: string): Promise<typeof Main> {
  return (await load(folder, '.')) as typeof Main;
}

/** The Redis entry point of a build. */
export async function loadRedis(folder: string): Promise<typeof RedisEntry> {
  return (await load(folder, './redis')) as typeof RedisEntry;
}
