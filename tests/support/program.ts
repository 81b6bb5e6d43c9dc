import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { build } from 'esbuild';

const ROOT = join(__dirname, '../..');
const FOLDER = join(ROOT, 'build/test-programs');

/**
 * Bundles a program of the tests with the sources it uses, so that Node starts it as it is: loading
 * TypeScript costs each process a second.
 *
 * @param entry - Path of the TypeScript file.
 * @returns Path of a file that Node can run, named for its content.
 */
export async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    keepNames: true,
    sourcemap: 'inline',
    tsconfig: join(ROOT, 'tsconfig.json'),
    outdir: FOLDER,
  });
  const { contents } = outputFiles[0]!;
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 16);
  const path = join(FOLDER, `${basename(entry, '.ts')}-${hash}.mjs`);
  mkdirSync(FOLDER, { recursive: true });
  // Other test files may write the same one, or run it already.
  const unfinished = `${path}.${String(process.pid)}`;
  writeFileSync(unfinished, contents);
  renameSync(unfinished, path);
  return path;
}
