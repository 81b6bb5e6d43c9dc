import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** Programs that the tests run, by Debian package: a command that succeeds where it is installed. */
const PROGRAMS = {
  curl: ['curl', '--version'],
  'redis-server': ['redis-server', '--version'],
  openssl: ['openssl', 'version'],
  prometheus: ['promtool', '--version'],
  nginx: ['nginx', '-v'],
  'xz-utils': ['xz', '--version'],
  zstd: ['zstd', '--version'],
};

/** The same for the long tests. */
const LONG_PROGRAMS = {
  ...PROGRAMS,
  chromium: ['chromium', '--version'],
  // Its library sets the clock of one process.
  faketime: ['faketime', '--version'],
};

const missing = (programs) =>
  Object.entries(programs)
    .filter(([, [program, ...words]]) => spawnSync(program, words).status !== 0)
    .map(([name]) => name);

/** The programs of the benchmarks. */
const MEASURING = {
  'redis-server': PROGRAMS['redis-server'],
  'redis-tools': ['redis-benchmark', '--version'],
  nginx: PROGRAMS.nginx,
  // `wrk --version` prints the version, and fails.
  wrk: ['sh', '-c', 'command -v wrk'],
};

/**
 * Jest's global set-up: makes sure that the programs of the tests can be run. They are found on the
 * PATH, or installed from Debian's packages where that is possible; the tests start their own
 * servers.
 */
export default function ensureTestPrograms() {
  ensurePrograms(PROGRAMS, 'tests');
}

/** The same for the long tests. */
export function ensureLongPrograms() {
  ensurePrograms(LONG_PROGRAMS, 'long tests');
}

/** The same for the benchmarks. */
export function ensureBenchmarkPrograms() {
  ensurePrograms(MEASURING, 'benchmarks');
}

function ensurePrograms(programs, what) {
  const wanted = missing(programs);
  if (wanted.length === 0) return;
  const isDebianRoot = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
  if (isDebianRoot) {
    const options = {
      // Debian remarks on much that is no failure; what it says is shown when it fails.
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    execFileSync('apt-get', ['update', '-qq'], options);
    withoutServices(() => {
      const words = ['install', '-y', '-qq', '--no-install-recommends', ...wanted];
      execFileSync('apt-get', words, options);
    });
  }
  const absent = missing(programs).join(' and ');
  if (absent === '') return;
  throw new Error(
    `The ${what} need ${Object.keys(programs).join(', ')}: please install ${absent}.`,
  );
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
