/** Looks at the package as users get it: the packed tarball, through publint and attw. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { pack } from './package.mjs';

const folder = await mkdtemp(join(tmpdir(), 'aurora-cache-pack-'));
try {
  const tarball = await pack(folder);
  const published = await lintManifest(tarball);
  const typed = checkTypes(tarball);
  if (!published || !typed) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function lintManifest(tarball) {
  const bytes = await readFile(tarball);
  const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball: data }, strict: true });
  for (const message of messages) console.error(`publint: ${formatMessage(message, pkg)}`);
  if (messages.length === 0) console.log('publint: nothing to say');
  return messages.length === 0;
}

function checkTypes(tarball) {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('@arethetypeswrong/cli/package.json');
  const bin = join(dirname(manifest), require(manifest).bin.attw);
  const args = [bin, tarball, '--format', 'table-flipped', '--no-emoji'];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0;
}
