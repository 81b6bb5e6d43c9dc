import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));

/** Installs what the benchmarks compare us with, unless it is there; a few seconds. */
export function installRivals(): void {
  // npm writes it when it is done.
  if (existsSync(`${folder}node_modules/.package-lock.json`)) return;
  console.log('Installing the rivals: npm ci in benchmarks/');
  execFileSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
}
