import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Outcome } from './example-server.js';

const root = join(__dirname, '../..');
const main = join(root, 'dist/esm/cli/main.js');

/** Builds the package if its sources have changed. */
export async function ensureBuilt(): Promise<void> {
  const script = `
    import { ensureBuilt } from ${JSON.stringify(join(root, 'scripts/package.mjs'))};
    await ensureBuilt();`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
}

export interface Circumstances {
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  /** A shell command to run before `exec`, such as `ulimit -f 0`. */
  readonly before?: string;
  /** Whether the reader of its output closes the pipe at once. */
  readonly deaf?: boolean;
}

/** Runs `aurora-cache <args>`, as it was built, in a separate process. */
export async function aurora(args: readonly string[], given: Circumstances = {}): Promise<Outcome> {
  const script = `${given.before ?? ':'}; exec "$@"`;
  const words = ['-c', script, 'sh', process.execPath, main, ...args];
  const child = spawn('/bin/sh', words, { env: { ...process.env, ...given.env } });
  return await new Promise((resolve, reject) => {
    const said = { stdout: '', stderr: '' };
    if (given.deaf) child.stdout.destroy();
    else child.stdout.on('data', (chunk) => (said.stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (said.stderr += String(chunk)));
    // It may refuse its arguments before it has read everything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(given.stdin ?? '');
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, ...said });
    });
  });
}
