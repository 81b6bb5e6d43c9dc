/** Bundles the package from modified sources. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

import type * as Aurora from 'aurora-cache';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A replacement in one file. */
export interface Edit {
  /** Below `src/`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Bundles and loads the package with the edits.
 *
 * @param name - Name of the bundle.
 * @throws if the text of an edit does not occur exactly once: the benchmark would measure nothing.
 */
export async function variant(name: string, edits: readonly Edit[]): Promise<typeof Aurora> {
  const outfile = `${root}build/bench/${name}.mjs`;
  const left = new Set(edits);
  await build({
    ...{ outfile, bundle: true, platform: 'node', packages: 'external', format: 'esm' },
    entryPoints: [`${root}src/index.ts`],
    plugins: [
      {
        name: 'edit',
        setup: ({ onLoad }) => {
          onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
            let contents = await readFile(path, 'utf8');
            for (const edit of edits) {
              if (!path.replaceAll('\\', '/').endsWith(`/src/${edit.file}`)) continue;
              if (contents.split(edit.from).length !== 2) continue;
              contents = contents.replace(edit.from, edit.to);
              left.delete(edit);
            }
            return { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  for (const { file, from } of left) throw new Error(`src/${file} does not contain once: ${from}`);
  return (await import(pathToFileURL(outfile).href)) as typeof Aurora;
}
