import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

import { PackedProject } from '../support/packed-project.js';

let project: PackedProject;

beforeAll(async () => {
  // Without ioredis, which the bundles leave out.
  project = await PackedProject.create();
}, 600_000);

afterAll(() => project.remove());

/** A program that uses the package, bundled into one file by esbuild and run where the file alone is. */
async function bundled(name: string, contents: string, format: 'esm' | 'cjs'): Promise<unknown> {
  const { outputFiles } = await build({
    stdin: { contents, loader: 'ts', resolveDir: project.folder },
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    external: ['ioredis'],
    format,
  });
  return await project.node(
    `${name}.${format === 'esm' ? 'mjs' : 'cjs'}`,
    outputFiles[0]?.text ?? '',
  );
}

describe('a bundle that leaves out ioredis', () => {
  it.each(['esm', 'cjs'] as const)('runs where ioredis is not installed: %s', async (format) => {
    const seen = await bundled(
      'memory',
      `import { cached } from 'aurora-cache';
       let loads = 0;
       const load = cached(async (id: number) => [id, ++loads], { ttl: '1m', name: 'load' });
       Promise.all([load(7), load(7)]).then((all) => console.log(JSON.stringify(all)));`,
      format,
    );
    expect(seen).toEqual([
      [7, 1],
      [7, 1],
    ]);
  });

  it.each(['esm', 'cjs'] as const)('names ioredis when a Redis is given: %s', async (format) => {
    const seen = await bundled(
      'missing',
      `import { CacheManager } from 'aurora-cache';
       const warnings: string[] = [];
       process.on('warning', ({ message }) => warnings.push(message));
       const cache = new CacheManager({ redisUrl: 'redis://127.0.0.1:1', namespace: 'shop' });
       cache.getOrSet('a', () => 1).then(async (value) => {
         await cache.close();
         setImmediate(() => console.log(JSON.stringify({ value, warnings })));
       });`,
      format,
    );
    expect(seen).toEqual({ value: 1, warnings: [expect.stringContaining('npm install ioredis')] });
  });
});

describe('a bundle that takes one name', () => {
  /** Bytes of the first chunk and of what it loads at once, minified and zipped. */
  async function sizeOf(name: string): Promise<number> {
    const { outputFiles, metafile } = await build({
      stdin: { contents: `export { ${name} } from 'aurora-cache'`, resolveDir: project.folder },
      ...{ bundle: true, minify: true, splitting: true, write: false, metafile: true },
      ...{ format: 'esm', platform: 'node', external: ['ioredis'], outdir: 'out' },
    });
    const [first = ''] = Object.keys(metafile.outputs).filter((path) => path.endsWith('stdin.js'));
    const imported = metafile.outputs[first]?.imports.filter(
      ({ kind, external }) => kind === 'import-statement' && external !== true,
    );
    const paths = [first, ...(imported ?? []).map(({ path }) => path)];
    const files = outputFiles.filter((file) => paths.some((path) => file.path.endsWith(path)));
    expect(files).toHaveLength(paths.length);
    return files.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  }

  it.each([
    ['pattern', 5000],
    // Bundlers divide by whole files: with what it shares with code that is loaded later.
    ['escapePattern', 2500],
  ])('has no more than %s needs', async (name, most) => {
    expect(await sizeOf(name)).toBeLessThan(most);
  });
});
