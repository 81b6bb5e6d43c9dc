import { execFile, type ExecFileException } from 'node:child_process';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { LIMITS } from '../base/defaults.js';
import type { NginxOptions } from '../nginx/index.js';
import { codeOf, EXIT, Failure, reason } from './failure.js';

const NAME = 'nginx.conf';

/**
 * Asks the nginx of this machine whether it would start with a configuration, by `nginx -t`.
 *
 * @param context - Whether the text is a whole configuration, or goes into the `http` block of one.
 * @returns nginx's warnings; empty when it has nothing to say.
 * @throws Failure with nginx's own message, or when there is no nginx.
 */
export async function checkWithNginx(
  text: string,
  context: NginxOptions['context'] = 'main',
): Promise<string> {
  const home = await nginxFolder();
  const folder = await mkdtemp(join(tmpdir(), 'aurora-cache-nginx-'));
  try {
    await linkAll(home, folder);
    // On one line, so that nginx counts the lines of the text.
    const whole = context === 'main' ? text : `events {} http { ${text}}`;
    await writeFile(join(folder, NAME), whole);
    const config = ['-c', join(folder, NAME), ...pid(text, folder)];
    const { failed, said } = await nginx(['-t', '-q', ...config]);
    const lines = readable(said, folder, home);
    if (!failed) return lines;
    throw new Failure(`nginx refuses the configuration:\n${lines}`, EXIT.failed);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The version of the nginx of this machine, `1.22.1`; `undefined` where it prints another one. */
export async function versionOfNginx(): Promise<string | undefined> {
  const { said } = await nginx(['-v']);
  return /\/(\d+\.\d+\.\d+)/.exec(said)?.[1];
}

/** The folder that relative paths of nginx's own configuration start from, as it was built. */
async function nginxFolder(): Promise<string> {
  const { said } = await nginx(['-V']);
  const built = (option: string): string | undefined =>
    new RegExp(`--${option}=(\\S+)`).exec(said)?.[1];
  return dirname(resolve(built('prefix') ?? '/usr/local/nginx', built('conf-path') ?? 'conf/x'));
}

/**
 * nginx looks for `mime.types` or a certificate beside the file that `-c` names. With everything
 * linked there that lies in nginx's own folder, it finds what it would find if it were started.
 */
async function linkAll(home: string, folder: string): Promise<void> {
  const names = await readdir(home).catch(() => []);
  await Promise.all(
    names
      .filter((name) => name !== NAME)
      .map((name) => symlink(join(home, name), join(folder, name)).catch(() => undefined)),
  );
}

/** A test opens the file for the pid as well: not that of an nginx that runs, which may be root's. */
function pid(text: string, folder: string): string[] {
  return /^\s*pid\s/m.test(text) ? [] : ['-g', `pid "${join(folder, 'nginx.pid')}";`];
}

/**
 * With nginx's own folder for ours, which is gone; without times, which only some builds print, and
 * without the complaint about nginx's own log, which no test needs.
 */
function readable(said: string, folder: string, home: string): string {
  return said
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('[alert] could not open error log'))
    .map((line) => line.replace(/^\d{4}\/\S+ \S+ (\[\w+\]) \d+#\d+: /, 'nginx: $1 '))
    .join('\n')
    .replaceAll(join(folder, NAME), NAME)
    .replaceAll(folder, home);
}

/** The words of nginx, which are always on stderr, and whether it failed. */
async function nginx(args: readonly string[]): Promise<{ failed: boolean; said: string }> {
  const { error, said } = await new Promise<{ error: ExecFileException | null; said: string }>(
    (done) => {
      const options = { timeout: LIMITS.nginxCheckMs };
      execFile('nginx', args, options, (error, _stdout, stderr) => {
        done({ error, said: stderr });
      });
    },
  );
  if (error === null) return { failed: false, said };
  if (codeOf(error) === 'ENOENT') {
    throw new Failure(
      '--check needs nginx, and there is none on the PATH (often it is in /usr/sbin).',
      EXIT.failed,
    );
  }
  if (error.killed === true) {
    const seconds = String(LIMITS.nginxCheckMs / 1000);
    throw new Failure(`nginx -t was not ready after ${seconds} s.\n${said}`.trim(), EXIT.failed);
  }
  if (typeof error.code === 'number') return { failed: true, said };
  throw new Failure(`cannot run nginx: ${reason(error)}.`, EXIT.failed);
}
