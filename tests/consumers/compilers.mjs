/** TypeScript in the versions that users have, with each resolution of modules. */
import { join } from 'node:path';

import { dialects, home, node, out, run } from './project.mjs';

const script = new URL('compile.mjs', import.meta.url).pathname;

/** Input of the bundlers: `out/typescript/<dialect>-<format>/main.js`. */
export const emitted = (dialect, format, version = 'typescript') =>
  join(out, version, `${dialect}-${format}`, 'main.js');

export function compilers() {
  return ['typescript', 'typescript-5.4', 'typescript-5.9', 'typescript-7'].map((name) => ({
    name,
    isNeeded: name === 'typescript',
    run: async () => {
      await node(script, home, name);
      const printed = {};
      for (const dialect of dialects) {
        for (const format of ['esm', 'cjs']) {
          printed[`${dialect} ${format}`] = await run(process.execPath, [
            emitted(dialect, format, name),
          ]);
        }
      }
      return printed;
    },
  }));
}
