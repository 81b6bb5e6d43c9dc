/** Bundlers and transpilers, minified and not. Those that read no decorators take what tsc wrote. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { emitted } from './compilers.mjs';
import { copySources, dialects, home, node, out, source, tool, transpile } from './project.mjs';

export function bundlers() {
  return [
    inBothDialects('esbuild', esbuild),
    inBothDialects('swc', swc),
    inBothDialects('babel', babel),
    inBothDialects('rollup with terser', rollup),
    inBothDialects('webpack with terser', webpack),
    // Its compiler leaves Stage-3 decorators as they are, which Node cannot run.
    { name: 'vite', run: async () => await vite() },
  ];
}

/** @param build - Resolves to what the programs printed that it made in a dialect. */
function inBothDialects(name, build) {
  return {
    name,
    run: async () => {
      const printed = {};
      for (const dialect of dialects) {
        for (const [program, text] of Object.entries(await build(dialect))) {
          printed[`${dialect} ${program}`] = text;
        }
      }
      return printed;
    },
  };
}

async function esbuild(dialect) {
  const printed = {};
  for (const [minify, format] of [
    [false, 'esm'],
    [true, 'esm'],
    [true, 'cjs'],
  ]) {
    const what = `${format}${minify ? ' minified' : ''}`;
    const outfile = join(
      out,
      'esbuild',
      `${dialect}-${minify}.${format === 'esm' ? 'mjs' : 'cjs'}`,
    );
    await tool('esbuild').build({
      entryPoints: [join(source, 'main.ts')],
      bundle: true,
      platform: 'node',
      target: 'node20',
      external: ['ioredis'],
      outfile,
      format,
      minify,
      tsconfigRaw: { compilerOptions: { experimentalDecorators: dialect === 'legacy' } },
    });
    printed[what] = await node(outfile);
  }
  return printed;
}

async function swc(dialect) {
  const main = await transpile(join(out, 'swc', dialect), async (text, filename) => {
    const isLegacy = dialect === 'legacy';
    const { code } = await tool('@swc/core').transform(text, {
      filename,
      configFile: false,
      swcrc: false,
      module: { type: 'es6' },
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: isLegacy ? { legacyDecorator: true } : { decoratorVersion: '2022-03' },
      },
    });
    return code;
  });
  return { esm: await node(main) };
}

async function babel(dialect) {
  const main = await transpile(join(out, 'babel', dialect), async (text, filename) => {
    const version = dialect === 'legacy' ? 'legacy' : '2023-11';
    const { code } = await tool('@babel/core').transformAsync(text, {
      filename,
      configFile: false,
      babelrc: false,
      cwd: home,
      presets: [tool.resolve('@babel/preset-typescript')],
      plugins: [[tool.resolve('@babel/plugin-proposal-decorators'), { version }]],
    });
    return code;
  });
  return { esm: await node(main) };
}

async function rollup(dialect) {
  const printed = {};
  const { nodeResolve } = tool('@rollup/plugin-node-resolve');
  const commonjs = tool('@rollup/plugin-commonjs');
  const terser = tool('@rollup/plugin-terser');
  for (const [what, minifiers] of [
    ['esm', []],
    ['esm minified', [(terser.default ?? terser)({ module: true })]],
  ]) {
    const build = await tool('rollup').rollup({
      input: emitted(dialect, 'esm'),
      external: ['ioredis', /^node:/],
      onwarn: () => undefined,
      plugins: [nodeResolve({ preferBuiltins: true }), (commonjs.default ?? commonjs)()],
    });
    const dir = join(out, 'rollup', `${dialect}-${minifiers.length}`);
    await build.write({ dir, format: 'es', entryFileNames: '[name].mjs', plugins: minifiers });
    printed[what] = await node(join(dir, 'main.mjs'));
  }
  return printed;
}

async function webpack(dialect) {
  const printed = {};
  for (const mode of ['development', 'production']) {
    const path = join(out, 'webpack', `${dialect}-${mode}`);
    await mkdir(path, { recursive: true });
    const stats = await new Promise((resolve, reject) => {
      const config = {
        mode,
        devtool: false,
        context: home,
        entry: emitted(dialect, 'esm'),
        target: 'node20',
        externals: { ioredis: 'commonjs ioredis' },
        output: { path, filename: 'main.cjs', chunkFilename: '[id].cjs' },
      };
      tool('webpack')(config, (error, done) => (error ? reject(error) : resolve(done)));
    });
    if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
    printed[`cjs ${mode}`] = await node(join(path, 'main.cjs'));
  }
  return printed;
}

async function vite() {
  const { build } = await import(tool.resolve('vite'));
  const printed = {};
  const root = join(out, 'vite');
  await copySources(root);
  for (const minify of [false, true]) {
    const outDir = join(root, minify ? 'minified' : 'plain');
    await build({
      root,
      configFile: false,
      logLevel: 'error',
      ssr: { noExternal: true, external: ['ioredis'] },
      build: { ssr: join(root, 'main.ts'), outDir, minify, target: 'node20' },
    });
    printed[`esm${minify ? ' minified' : ''}`] = await node(join(outDir, 'main.js'));
  }
  return printed;
}
