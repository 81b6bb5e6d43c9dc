/**
 * The cost of counting hits. Counting cannot be turned off, so the sources are bundled twice, once
 * without the lines that count.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

import type * as Aurora from 'aurora-cache';
import { build } from 'esbuild';

import { oneByOne } from '../harness/loops.js';
import type { Contestant } from '../harness/rounds.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const COUNTING = /^ *countHit\(core\.counters, record, 'memory'\);$/gm;
const LINES = 1;
const KEYS = Array.from({ length: 1000 }, (_, i) => `user-${i}`);

export async function withAndWithoutCounting(): Promise<Contestant[]> {
  return [
    { name: 'without', run: await hits('without-statistics', true) },
    { name: 'with', run: await hits('with-statistics', false) },
  ];
}

async function hits(name: string, isStripped: boolean): Promise<(times: number) => unknown> {
  const outfile = `${root}build/bench/${name}.mjs`;
  let removed = 0;
  await build({
    ...{ outfile, bundle: true, platform: 'node', packages: 'external', format: 'esm' },
    entryPoints: [`${root}src/index.ts`],
    plugins: [
      {
        name: 'strip',
        setup: ({ onLoad }) => {
          onLoad({ filter: /decorators\/runtime\/call\.ts$/ }, async ({ path }) => {
            const contents = await readFile(path, 'utf8');
            const strip = (): string => {
              removed++;
              return '';
            };
            return {
              contents: isStripped ? contents.replace(COUNTING, strip) : contents,
              loader: 'ts',
            };
          });
        },
      },
    ],
  });
  if (isStripped && removed !== LINES) {
    throw new Error(`${removed} lines of src/decorators/runtime/call.ts count hits, not ${LINES}.`);
  }
  const { cached, CacheManager } = (await import(pathToFileURL(outfile).href)) as typeof Aurora;
  const cache = new CacheManager({ maxMemoryItems: 10_000 });
  const find = cached((id: string) => Promise.resolve({ id }), { name, cache });
  for (const key of KEYS) await find(key);
  return oneByOne(KEYS, find);
}
