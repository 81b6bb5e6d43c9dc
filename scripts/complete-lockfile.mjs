/**
 * Run it after `npm install` has changed a package-lock.json: the root's, or that of benchmarks/.
 *
 * npm records the optional packages of other platforms only where it can fetch their manifests. From a
 * mirror that serves one platform it writes a lock file without them, which `npm ci` then refuses. This
 * adds what is missing: the version is the one that the parent pins, the platform is in the name, and
 * nothing is downloaded until a machine of that platform installs it.
 */
import { readFile, writeFile } from 'node:fs/promises';

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'openharmony', 'sunos', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

for (const name of ['package-lock.json', 'benchmarks/package-lock.json']) {
  const path = new URL(`../${name}`, import.meta.url);
  const lock = JSON.parse(await readFile(path, 'utf8'));
  const added = complete(lock);
  if (added > 0) await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${name}: ${added} optional packages of other platforms added`);
}

function complete(lock) {
  let added = 0;
  for (const [folder, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      if (folder === '' || isLocked(lock, folder, name)) continue;
      lock.packages[`node_modules/${name}`] = entry(name, version, parent);
      added++;
    }
  }
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  return added;
}

function isLocked(lock, folder, name) {
  for (let at = folder; ; at = at.slice(0, at.lastIndexOf('node_modules/')).replace(/\/$/, '')) {
    if (lock.packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]) return true;
    if (at === '') return false;
  }
}

function entry(name, version, parent) {
  const words = name.split(/[-/]/);
  const os = words.find((word) => systems.includes(word));
  const cpu = words.find((word) => processors.includes(word));
  if (!/^\d+\.\d+\.\d+$/.test(version) || os === undefined || cpu === undefined) {
    throw new Error(`${name}@${version}: not a pinned package of one platform, add it by hand`);
  }
  const libc = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' }[words.at(-1)];
  return {
    version,
    cpu: [cpu],
    ...(parent.dev ? { dev: true } : {}),
    ...(os === 'linux' && libc ? { libc: [libc] } : {}),
    optional: true,
    os: [os],
  };
}
