/** Import time and bundle size of the package. */
import { execFile } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';

import { ensureBuilt } from '../../scripts/package.mjs';
import { atMost, type BenchOptions, type Report, type Table } from '../harness/report.js';

const folder = fileURLToPath(new URL('..', import.meta.url));
const entry = fileURLToPath(new URL('../../dist/esm/index.js', import.meta.url));
const OURS = 'aurora-cache';
const BENTOCACHE = 'bentocache, memory driver';

/** The imports that each package needs for a cache in memory. */
const RIVALS: Readonly<Record<string, readonly string[]>> = {
  [BENTOCACHE]: ['bentocache', 'bentocache/drivers/memory'],
  'layered-loader': ['layered-loader'],
  cacheable: ['cacheable'],
  'async-cache-dedupe': ['async-cache-dedupe'],
  'cache-manager': ['cache-manager'],
};

/** Processes that import each package, in turn with the other packages. */
const ROUNDS = 15;
/** Kilobytes (of 1,000 bytes) that an import may add to a bundle: one file, minified, gzip. */
const BARS = { cached: 45, pattern: 5 } as const;

export async function packageCosts({ quick, rivals }: BenchOptions): Promise<Report> {
  await ensureBuilt();
  const contestants: [name: string, modules: readonly string[]][] = [
    [OURS, [pathToFileURL(entry).href]],
    ...Object.entries(rivals ? RIVALS : {}),
  ];
  const times = await importTimes(contestants, quick ? 1 : ROUNDS);
  const sizes: [name: string, kilobytes: number][] = [];
  for (const name of ['cached', 'pattern'] as const) {
    sizes.push([`${OURS}, { ${name} }`, await size(`export { ${name} } from '${entry}'`)]);
  }
  for (const [name, modules] of contestants.slice(1)) {
    sizes.push([name, await size(modules.map((one) => `export * from '${one}';`).join(''))]);
  }
  const bars = Object.entries(BARS).map(([name, most]) => {
    const [, figure = NaN] = sizes.find(([label]) => label.endsWith(`{ ${name} }`)) ?? [];
    return atMost(`import { ${name} } in a bundle`, most, figure, ' kB');
  });
  const [ours, bentocache] = [times.get(OURS), times.get(BENTOCACHE)];
  if (ours !== undefined && bentocache !== undefined) {
    bars.push(atMost("time of the import, compared with bentocache's", 1, ours / bentocache));
  }
  return { tables: [timeTable(times), sizeTable(sizes)], bars };
}

function timeTable(times: ReadonlyMap<string, number>): Table {
  return {
    title: 'Import in a new process, median',
    columns: ['', 'ms'],
    rows: [...times],
    notes: ['ESM, without the start of Node.'],
  };
}

function sizeTable(sizes: readonly (readonly [string, number])[]): Table {
  return {
    title: 'Part of a bundle, dependencies included',
    columns: ['', 'kB'],
    rows: sizes,
    notes: [
      'esbuild, minified, gzip -9; without the chunks that import() loads. Kilobytes of 1,000 bytes.',
    ],
  };
}

async function importTimes(
  contestants: readonly (readonly [string, readonly string[]])[],
  rounds: number,
): Promise<Map<string, number>> {
  const taken = new Map<string, number[]>(contestants.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, modules] of contestants) taken.get(name)?.push(await importTime(modules));
  }
  return new Map([...taken].map(([name, all]) => [name, median(all)]));
}

async function importTime(modules: readonly string[]): Promise<number> {
  const script = `
    const start = performance.now();
    for (const name of ${JSON.stringify(modules)}) await import(name);
    console.log(performance.now() - start);`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  return Number(stdout);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** Kilobytes that a bundle loads at the start. */
async function size(contents: string): Promise<number> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['ioredis'],
    outdir: 'out',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const loaded = [...atOnce(metafile)];
  const bytes = loaded.map((path) => {
    const file = outputFiles.find((one) => one.path.replaceAll('\\', '/').endsWith(`/${path}`));
    return gzipSync(file?.contents ?? '', { level: 9 }).length;
  });
  return bytes.reduce((sum, one) => sum + one, 0) / 1000;
}

/** The entry's file, and the chunks that it imports statically. */
function atOnce({ outputs }: Metafile): Set<string> {
  const [start] = Object.entries(outputs).find(([, one]) => one.entryPoint === '<stdin>') ?? [];
  const found = new Set(start === undefined ? [] : [start]);
  for (const path of found) {
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (external !== true && kind === 'import-statement') found.add(next);
    }
  }
  return found;
}
