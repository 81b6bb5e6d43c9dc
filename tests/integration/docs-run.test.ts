import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { blocksOf, pages, type Block } from '../support/code-blocks.js';
import { RedisServer, stopServers } from '../support/redis/server.js';

const run = promisify(execFile);
const root = join(__dirname, '../..');
const ports = join(root, 'tests/support/block-ports.cjs');

const withCode = pages.filter((page) => blocksOf(page).length > 0);

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(stopServers);

/** Runs the examples of a page, each as a separate module, in one process. */
async function outputOf(page: string, blocks: readonly Block[]): Promise<string> {
  const folder = join(root, 'build/blocks', page.replaceAll(/\W/g, '-'));
  await mkdir(folder, { recursive: true });
  const names = blocks.map(({ code }, i) => ({ name: `block-${i}.mts`, code }));
  for (const { name, code } of names) await writeFile(join(folder, name), code);
  const main = join(folder, 'main.mts');
  const imports = names.map(({ name }) => `await import('./${name}');\n`).join('');
  // Servers and clients of the examples would keep the process alive.
  await writeFile(main, `${imports}console.log('done');\nprocess.exit(0);\n`);
  const args = ['--require', ports, '--import', 'tsx', main];
  const env = { ...process.env, BLOCK_REDIS_PORT: new URL(server.url).port };
  const { stdout } = await run(process.execPath, args, { cwd: root, env, timeout: 120_000 });
  return stdout;
}

it('finds the pages with examples', () => {
  expect(withCode).toEqual(expect.arrayContaining(['README.md', 'docs/guide.md', 'docs/http.md']));
});

it.each(withCode)('the examples of %s run as they are pasted', async (page) => {
  expect(await outputOf(page, blocksOf(page))).toMatch(/done\n$/);
});

it.each([
  "import { Cached } from 'aurora-cache';\nCached({ tll: 1 });\n",
  'void Promise.reject(new Error("unhandled"));\nawait new Promise((resolve) => setTimeout(resolve, 50));\n',
])('an example that fails is noticed: %j', async (code) => {
  await expect(outputOf('failing', [{ place: 'here', code }])).rejects.toThrow();
});
