import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** What the tests run, by Debian package: a command that succeeds where it is there. */
const PROGRAMS = {
  curl: ['curl', '--version'],
  'redis-server': ['redis-server', '--version'],
  openssl: ['openssl', 'version'],
  prometheus: ['promtool', '--version'],
  nginx: ['nginx', '-v'],
  chromium: ['chromium', '--version'],
};

const missing = () =>
  Object.entries(PROGRAMS)
    .filter(([, [program, ...words]]) => spawnSync(program, words).status !== 0)
    .map(([name]) => name);

/**
 * Jest's global set-up: makes sure that the programs above can be run. They are found on the PATH,
 * or installed from Debian's packages where that is possible; the tests start servers of their own.
 */
export default function ensurePrograms() {
  const wanted = missing();
  if (wanted.length === 0) return;
  const isDebianRoot = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
  if (isDebianRoot) {
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    execFileSync('apt-get', ['update', '-qq'], options);
    withoutServices(() => {
      const words = ['install', '-y', '-qq', '--no-install-recommends', ...wanted];
      execFileSync('apt-get', words, options);
    });
  }
  const absent = missing();
  if (absent.length === 0) return;
  const what = absent.join(' and ');
  throw new Error(`The tests need ${Object.keys(PROGRAMS).join(', ')}: please install ${what}.`);
}

/** Debian starts a server once it is installed, nginx on port 80, unless this file forbids it. */
function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return install();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(policy, { force: true });
  }
}
