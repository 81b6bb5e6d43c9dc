import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));

/** Installs the rivals, unless all of them are installed; takes a few seconds. */
export function installRivals(): void {
  if (isComplete()) return;
  console.log('Installing the rivals: npm ci in benchmarks/');
  execFileSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
}

/** An earlier checkout may have installed fewer rivals. */
function isComplete(): boolean {
  // npm writes it when it is done.
  if (!existsSync(`${folder}node_modules/.package-lock.json`)) return false;
  const { dependencies } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  return Object.keys(dependencies).every((name) => existsSync(`${folder}node_modules/${name}`));
}
