/** TypeScript in the versions that users have, with each resolution of modules. */
import { join } from 'node:path';

import { decoratorModes, home, node, out, run } from './project.mjs';

const script = new URL('compile.mjs', import.meta.url).pathname;

/** Input of the bundlers: `out/typescript/<mode>-<format>/main.js`. */
export const emitted = (decoratorMode, format, version = 'typescript') =>
  join(out, version, `${decoratorMode}-${format}`, 'main.js');

export function compilers() {
  return ['typescript', 'typescript-5.4', 'typescript-5.9', 'typescript-7'].map((name) => ({
    name,
    isNeeded: name === 'typescript',
    run: async () => {
      await node(script, home, name);
      const printed = {};
      for (const decoratorMode of decoratorModes) {
        for (const format of ['esm', 'cjs']) {
          printed[`${decoratorMode} ${format}`] = await run(process.execPath, [
            emitted(decoratorMode, format, name),
          ]);
        }
      }
      return printed;
    },
  }));
}
