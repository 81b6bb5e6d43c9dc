/**
 * `compile.mjs <project> <package>`: checks the sources with a version of TypeScript under each
 * resolution of modules, libraries included, and writes ESM and CommonJS in both decorator modes.
 * One process for a version, which reads the declarations of libraries once.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [home, name] = process.argv.slice(2);
const require = createRequire(join(home, 'package.json'));
const { version } = require(`${name}/package.json`);
const major = Number.parseInt(version, 10);

const shared = {
  target: 'es2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  types: ['node'],
};
const parsed = new Map();
const resolutions = {
  // Deprecated in 6, gone in 7.
  ...(major < 7 && {
    node10: { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true },
  }),
  node16: { module: 'node16', moduleResolution: 'node16' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};
/** Which of them is emitted, and as what. TypeScript 7 has no node10; its CommonJS is a .cts' or bundler's. */
const formats = major < 7 ? { nodenext: 'esm', node10: 'cjs' } : { nodenext: 'esm' };

for (const decoratorMode of ['stage3', 'legacy']) {
  for (const [resolution, options] of Object.entries(resolutions)) {
    const format = formats[resolution];
    // The types are the same in both decorator modes; only the emitted code differs.
    if (decoratorMode === 'legacy' && format === undefined) continue;
    compile(`${decoratorMode} ${resolution}`, {
      ...shared,
      ...options,
      // Checking all declarations takes most of the time: once for each format of the package.
      skipLibCheck: decoratorMode === 'legacy' || format === undefined,
      ...(decoratorMode === 'legacy' && { experimentalDecorators: true }),
      ...(major === 6 && resolution === 'node10' && { ignoreDeprecations: '6.0' }),
      ...(format ? emit(decoratorMode, format) : { noEmit: true }),
    });
  }
  if (major >= 7) {
    compile(`${decoratorMode} cjs`, {
      ...shared,
      ...{ module: 'commonjs', moduleResolution: 'bundler', esModuleInterop: true },
      skipLibCheck: true,
      ...(decoratorMode === 'legacy' && { experimentalDecorators: true }),
      ...emit(decoratorMode, 'cjs'),
    });
  }
}

function emit(decoratorMode, format) {
  const outDir = join(home, 'out', name, `${decoratorMode}-${format}`);
  mkdirSync(outDir, { recursive: true });
  writeFileSync(
    join(outDir, 'package.json'),
    `{ "type": "${format === 'esm' ? 'module' : 'commonjs'}" }\n`,
  );
  return { outDir, rootDir: join(home, 'src') };
}

function compile(what, compilerOptions) {
  const files = ['main.ts', 'types.ts'].map((file) => join(home, 'src', file));
  const problems =
    major < 7 ? byApi(files, compilerOptions) : byProgram(what, files, compilerOptions);
  if (problems !== '') throw new Error(`${name} ${version}, ${what}:\n${problems}`);
}

function byApi(files, compilerOptions) {
  const ts = require(name);
  const { options, errors } = ts.convertCompilerOptionsFromJson(compilerOptions, home);
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile;
  // Libraries that are the same under every resolution are parsed once.
  host.getSourceFile = (file, ...rest) => {
    if (!/typescript[^/]*\/lib\/lib\.|@types\/node\//.test(file)) return read(file, ...rest);
    if (!parsed.has(file)) parsed.set(file, read(file, ...rest));
    return parsed.get(file);
  };
  const program = ts.createProgram(files, options, host);
  const { diagnostics } = program.emit();
  const all = [...errors, ...ts.getPreEmitDiagnostics(program), ...diagnostics];
  return ts.formatDiagnostics(all, { ...host, getCanonicalFileName: (file) => file });
}

function byProgram(what, files, compilerOptions) {
  const config = join(home, 'out', name, `${what.replace(' ', '-')}.json`);
  mkdirSync(join(home, 'out', name), { recursive: true });
  const typeRoots = [join(home, 'node_modules/@types')];
  writeFileSync(
    config,
    JSON.stringify({ compilerOptions: { ...compilerOptions, typeRoots }, files }),
  );
  try {
    const bin = join(home, 'node_modules', name, 'bin/tsc');
    execFileSync(process.execPath, [bin, '-p', config], { cwd: home, stdio: 'pipe' });
    return '';
  } catch (error) {
    return String(error.stdout ?? error);
  }
}
