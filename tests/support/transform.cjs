'use strict';

const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');

const { transformSync, version } = require('esbuild');

const OPTIONS = {
  loader: 'ts',
  format: 'cjs',
  target: 'node20',
  sourcemap: 'inline',
  // Jest runs CommonJS, and has no import().
  supported: { 'dynamic-import': false },
  tsconfigRaw: { compilerOptions: { target: 'es2022', alwaysStrict: true } },
};

/**
 * What Jest runs of the sources, and of tests without decorators: by esbuild, for which TypeScript takes ten times as
 * long. Types are checked by `npm run typecheck`.
 */
module.exports = {
  process(source, path) {
    const { code } = transformSync(source, { ...OPTIONS, sourcefile: path });
    return { code };
  },
  getCacheKey(source, path, { configString }) {
    const hash = createHash('sha256');
    for (const part of [source, path, configString, version, readFileSync(__filename)]) {
      hash.update(part).update('\0');
    }
    return hash.digest('hex').slice(0, 32);
  },
};
