import { execFileSync, spawnSync } from 'node:child_process';

const isThere = () => spawnSync('redis-server', ['--version']).status === 0;

/**
 * Jest's global set-up: makes sure that `redis-server` can be run. It is found on the PATH, or
 * installed from Debian's packages where that is possible; the tests start servers of their own.
 */
export default function ensureRedis() {
  if (isThere()) return;
  const isDebianRoot = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
  if (isDebianRoot) {
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    execFileSync('apt-get', ['update', '-qq'], options);
    const install = ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'];
    execFileSync('apt-get', install, options);
  }
  if (isThere()) return;
  throw new Error('The tests need redis-server (6.2 or later) on the PATH: please install it.');
}
