/**
 * The files of the package: one per entry point and format, and chunks of what they share, so that
 * no class exists twice in one format. Sources are bundled; so is what package.json does not install
 * for users, whose licences are listed in `dist/third-party-licenses.txt`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { transform } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'src');
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** The entry points of `exports`, as their files are named below dist/<format>/. */
const entries = Object.values(manifest.exports)
  .filter((entry) => typeof entry === 'object')
  .map((entry) => /^\.\/dist\/esm\/(.*)\.js$/.exec(entry.import.default)[1]);
const program = 'cli/main';

/** Chunks of what several entry points share. Imports point down, so chunks form no cycle. */
const chunkOfFolder = {
  stats: 'cache',
  memory: 'cache',
  store: 'cache',
  cache: 'cache',
  // The index then only re-exports, and bundlers leave out what is not imported from it.
  decorators: 'decorators',
  nginx: 'nginx',
};
const chunkOfPackage = { valibot: 'nginx' };

/** Modules that the cache loads by import(), and their chunks; `undefined`: rollup makes one. */
const lazy = {
  'store/new-tier.ts': 'store',
  'cache/shared-code.ts': 'store',
  'redis/open.ts': undefined,
  'memory/eviction/adaptive.ts': 'eviction',
  'cache/advice.ts': 'eviction',
  'cache/write/warm.ts': 'warm',
  'cache/statistics.ts': 'statistics',
};
/** The chunks of these, with what only they need: the latter, and parts of the index that few use. */
const parts = {
  'stats/timing-registry.ts': 'timings',
  'decorators/timed.ts': 'timed',
  ...lazy,
  'memory/memory-store.ts': 'memory-store',
};

/**
 * The chunk of a module. Bundlers split code at dynamic imports by whole files. Lazily loaded modules
 * therefore have separate chunks, and so does the code that they share with keys or with other modules.
 */
function chunkOf(id, { getModuleInfo }) {
  const reaches = (file) => closure(join(source, file), getModuleInfo).has(id);
  const folder = folderOf(id);
  // Apart from its entry point, which imports ioredis at once.
  if (folder === 'redis' && !id.endsWith('index.ts')) return undefined;
  const part = Object.keys(parts).find(reaches);
  const isFirst = reaches('decorators/functions.ts') || reaches('decorators/cached.ts');
  if (part !== undefined && !isFirst) return parts[part];
  const isShared = Object.keys(lazy).some(reaches);
  const exported = getModuleInfo(join(source, 'index.ts')).importedIds.filter(
    (one) => folderOf(one) === 'base',
  );
  // Patterns need less than keys do.
  if (exported.some((one) => reaches(relative(source, one)))) {
    return isShared && reaches('base/keys/glob.ts') ? 'primitives' : 'keys';
  }
  if (isShared || folder === 'base') return 'base';
  return isFirst || folder !== 'stats'
    ? (chunkOfPackage[packageOf(id)] ?? chunkOfFolder[folder])
    : undefined;
}

const folderOf = (id) => relative(source, id).split(sep)[0];

function closure(start, getModuleInfo, found = new Set()) {
  if (found.has(start)) return found;
  found.add(start);
  for (const id of getModuleInfo(start)?.importedIds ?? []) closure(id, getModuleInfo, found);
  return found;
}

const installed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
const external = (id) =>
  isBuiltin(id) || installed.some((name) => id === name || id.startsWith(`${name}/`));

/** Bundles src/ and `types`, the folder of its declarations, into `dist`. */
export async function bundle(types, dist) {
  const [licenses] = await Promise.all([bundleCode(dist), bundleTypes(types, dist)]);
  await writeFile(join(dist, 'third-party-licenses.txt'), licenses);
}

async function bundleCode(dist) {
  const plugins = [typescript(), nodeResolve(), commonjs()];
  const options = { external, plugins, onwarn: fail, treeshake: { moduleSideEffects } };
  const all = await rollup({ ...options, input: inputs([...entries, program], source, '.ts') });
  // The command is a program, which nothing requires.
  const library = await rollup({ ...options, input: inputs(entries, source, '.ts') });
  await all.write({ ...output, format: 'es', dir: join(dist, 'esm') });
  await library.write({ ...output, format: 'cjs', dir: join(dist, 'cjs'), esModule: true });
  await Promise.all([all.close(), library.close()]);
  return await licensesOf(all.watchFiles);
}

async function bundleTypes(types, dist) {
  const input = inputs(entries, types, '.d.ts');
  const build = await rollup({
    input,
    external: (id) => !id.startsWith('.') && !id.startsWith(types),
    plugins: [dts(), withDisposable],
    onwarn: fail,
  });
  for (const format of ['esm', 'cjs']) {
    await build.write({
      dir: join(dist, format),
      entryFileNames: '[name].d.ts',
      chunkFileNames: 'chunks/[name].ts',
    });
  }
  await build.close();
}

/**
 * Types with `Symbol.asyncDispose` compile under every `lib`: otherwise programs with an `es2022` target
 * need @types/node or `skipLibCheck`.
 */
const withDisposable = {
  name: 'disposable',
  renderChunk: (code) =>
    code.includes('Symbol.asyncDispose')
      ? { code: `/// <reference lib="esnext.disposable" />\n${code}`, map: null }
      : null,
};

const output = {
  chunkFileNames: 'chunks/[name].js',
  manualChunks: chunkOf,
  onlyExplicitManualChunks: true,
  hoistTransitiveImports: false,
  minifyInternalExports: false,
  exports: 'named',
  // `import()` fails in CommonJS modules under jest.
  dynamicImportInCjs: false,
  generatedCode: { constBindings: true, arrowFunctions: true, objectShorthand: true },
  sourcemap: true,
  // The package has them once, in src/.
  sourcemapExcludeSources: true,
  // Relative to where the file will lie: dist/<format>/ has as many folders as the package has above it.
  sourcemapPathTransform: (path, map) =>
    relative(dirname(map.replace(/\bbuild[\\/]dist-\d+/, 'dist')), resolve(dirname(map), path)),
};

/** Resolves './x.js' to './x.ts' and removes the types; tsc has checked them. */
function typescript() {
  return {
    name: 'typescript',
    resolveId(id, importer) {
      return importer?.startsWith(source + sep) && id.startsWith('.')
        ? join(dirname(importer), id.replace(/\.js$/, '.ts'))
        : undefined;
    },
    async transform(code, id) {
      if (!id.endsWith('.ts')) return undefined;
      const { code: script, map } = await transform(code, {
        loader: 'ts',
        target: 'es2022',
        sourcemap: true,
        sourcefile: id,
      });
      return { code: script, map };
    },
  };
}

/** `reflect-metadata` is imported for its effect; importing ours has none but that. */
const moduleSideEffects = (id) => external(id) && !isBuiltin(id);

/** Name of the package that a module is part of, unless it is ours. */
const packageOf = (id) => /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id)?.[1];

const inputs = (names, folder, ending) =>
  Object.fromEntries(names.map((name) => [name, join(folder, `${name}${ending}`)]));

function fail(warning) {
  throw new Error(`rollup: ${warning.message}`);
}

/** The texts of the licences of the packages that the files come from. */
async function licensesOf(files) {
  const folders = files.flatMap(
    (file) => /^.*node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file) ?? [],
  );
  const texts = await Promise.all(
    [...new Set(folders)].sort().map(async (folder) => {
      const { name, version, license } = JSON.parse(
        await readFile(join(folder, 'package.json'), 'utf8'),
      );
      const text = await licenseText(folder);
      return `${name} ${version} (${license})\n\n${text.trim()}\n`;
    }),
  );
  return `Parts of these packages are included in the files of this one.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

async function licenseText(folder) {
  for (const name of ['LICENSE', 'LICENSE.md', 'LICENSE.txt']) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  throw new Error(`${folder}: no licence found`);
}
