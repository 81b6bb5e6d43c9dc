/** Bundlers and transpilers, minified and not. Those that read no decorators take what tsc wrote. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { emitted } from './compilers.mjs';
import {
  copySources,
  decoratorModes,
  home,
  node,
  out,
  source,
  tool,
  transpile,
} from './project.mjs';

export function bundlers() {
  return [
    inBothModes('esbuild', esbuild),
    inBothModes('swc', swc),
    inBothModes('babel', babel),
    inBothModes('rollup with terser', rollup),
    inBothModes('webpack with terser', webpack),
    // Its compiler leaves Stage-3 decorators as they are, which Node cannot run.
    { name: 'vite', run: async () => await vite() },
  ];
}

/** @param build - Builds the programs in one decorator mode, runs them, and resolves to their output. */
function inBothModes(name, build) {
  return {
    name,
    run: async () => {
      const printed = {};
      for (const decoratorMode of decoratorModes) {
        for (const [program, text] of Object.entries(await build(decoratorMode))) {
          printed[`${decoratorMode} ${program}`] = text;
        }
      }
      return printed;
    },
  };
}

async function esbuild(decoratorMode) {
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
      `${decoratorMode}-${minify}.${format === 'esm' ? 'mjs' : 'cjs'}`,
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
      tsconfigRaw: { compilerOptions: { experimentalDecorators: decoratorMode === 'legacy' } },
    });
    printed[what] = await node(outfile);
  }
  return printed;
}

async function swc(decoratorMode) {
  const main = await transpile(join(out, 'swc', decoratorMode), async (text, filename) => {
    const isLegacy = decoratorMode === 'legacy';
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

async function babel(decoratorMode) {
  const main = await transpile(join(out, 'babel', decoratorMode), async (text, filename) => {
    const version = decoratorMode === 'legacy' ? 'legacy' : '2023-11';
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

async function rollup(decoratorMode) {
  const printed = {};
  const { nodeResolve } = tool('@rollup/plugin-node-resolve');
  const commonjs = tool('@rollup/plugin-commonjs');
  const terser = tool('@rollup/plugin-terser');
  for (const [what, minifiers] of [
    ['esm', []],
    ['esm minified', [(terser.default ?? terser)({ module: true })]],
  ]) {
    const build = await tool('rollup').rollup({
      input: emitted(decoratorMode, 'esm'),
      external: ['ioredis', /^node:/],
      onwarn: () => undefined,
      plugins: [nodeResolve({ preferBuiltins: true }), (commonjs.default ?? commonjs)()],
    });
    const dir = join(out, 'rollup', `${decoratorMode}-${minifiers.length}`);
    await build.write({ dir, format: 'es', entryFileNames: '[name].mjs', plugins: minifiers });
    printed[what] = await node(join(dir, 'main.mjs'));
  }
  return printed;
}

async function webpack(decoratorMode) {
  const printed = {};
  for (const mode of ['development', 'production']) {
    const path = join(out, 'webpack', `${decoratorMode}-${mode}`);
    await mkdir(path, { recursive: true });
    const stats = await new Promise((resolve, reject) => {
      const config = {
        mode,
        devtool: false,
        context: home,
        entry: emitted(decoratorMode, 'esm'),
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
