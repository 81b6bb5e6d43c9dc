/** The program, as tsc compiled it, in every runtime. */
import { join } from 'node:path';

import { emitted } from './compilers.mjs';
import { decoratorModes, home, platformBinary, run } from './project.mjs';

const architecture = process.arch === 'arm64' ? 'aarch64' : process.arch;

const commands = {
  'Node 20, or what runs this': async () => [process.execPath],
  'Node 22': async () => [join(home, 'node_modules/node-22/bin/node')],
  'Node 24': async () => [join(home, 'node_modules/node-24/bin/node')],
  Bun: async () => [
    await platformBinary('@oven', `bun-${process.platform}-${architecture}`, 'bin/bun'),
  ],
  Deno: async () => [
    await platformBinary('@deno', `${process.platform}-${process.arch}`, 'deno'),
    ...['run', '--allow-all', '--node-modules-dir=manual', '--no-lock'],
  ],
};

export function runtimes() {
  return Object.entries(commands).map(([name, command]) => ({
    name,
    run: async () => {
      const [program, ...args] = await command();
      const printed = {};
      for (const decoratorMode of decoratorModes) {
        for (const format of ['esm', 'cjs']) {
          printed[`${decoratorMode} ${format}`] = await run(program, [
            ...args,
            emitted(decoratorMode, format),
          ]);
        }
      }
      return printed;
    },
  }));
}
