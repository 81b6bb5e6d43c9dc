import { execFile, type ExecFileException } from 'node:child_process';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { CLI_LIMITS } from '../base/options/defaults.js';
import type { NginxOptions } from '../nginx/index.js';
import { codeOf, EXIT, Failure, reason } from './failure.js';

const NAME = 'nginx.conf';

/**
 * Runs `nginx -t` of this machine on a configuration.
 *
 * @param context - Whether the text is a whole configuration or the content of an `http` block.
 * @returns nginx's warnings, or an empty string.
 * @throws Failure with nginx's own message, or if nginx is not installed.
 */
export async function checkWithNginx(
  text: string,
  context: NginxOptions['context'] = 'main',
): Promise<string> {
  const home = await nginxFolder();
  const folder = await mkdtemp(join(tmpdir(), 'aurora-cache-nginx-'));
  try {
    await linkAll(home, folder);
    // On one line, so that line numbers in nginx's messages match the text.
    const whole = context === 'main' ? text : `events {} http { ${text}}`;
    await writeFile(join(folder, NAME), whole);
    const config = ['-c', join(folder, NAME), ...pid(text, folder)];
    const { failed, output } = await nginx(['-t', '-q', ...config]);
    const lines = readable(output, folder, home);
    if (!failed) return lines;
    throw new Failure(`nginx rejects the configuration:\n${lines}`, EXIT.failed);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The version of nginx on this machine, such as `1.22.1`; `undefined` if it prints none. */
export async function versionOfNginx(): Promise<string | undefined> {
  const { output } = await nginx(['-v']);
  return /\/(\d+\.\d+\.\d+)/.exec(output)?.[1];
}

/** The folder that relative paths of nginx's own configuration start from, as compiled in. */
async function nginxFolder(): Promise<string> {
  const { output } = await nginx(['-V']);
  const built = (option: string): string | undefined =>
    new RegExp(`--${option}=(\\S+)`).exec(output)?.[1];
  return dirname(resolve(built('prefix') ?? '/usr/local/nginx', built('conf-path') ?? 'conf/x'));
}

/**
 * nginx resolves relative paths, such as `mime.types`, in the folder of the file that `-c` names.
 * Links to everything in nginx's own folder make it find the same files as when it is started.
 */
async function linkAll(home: string, folder: string): Promise<void> {
  const names = await readdir(home).catch(() => []);
  await Promise.all(
    names
      .filter((name) => name !== NAME)
      .map((name) => symlink(join(home, name), join(folder, name)).catch(() => undefined)),
  );
}

/** `nginx -t` opens the pid file: avoid that of a running nginx, which root may own. */
function pid(text: string, folder: string): string[] {
  return /^\s*pid\s/m.test(text) ? [] : ['-g', `pid "${join(folder, 'nginx.pid')}";`];
}

/**
 * nginx's output with its own folder in place of our temporary one, without the times that some
 * builds print, and without the alert about nginx's own log, which the test does not use.
 */
function readable(output: string, folder: string, home: string): string {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('[alert] could not open error log'))
    .map((line) => line.replace(/^\d{4}\/\S+ \S+ (\[\w+\]) \d+#\d+: /, 'nginx: $1 '))
    .join('\n')
    .replaceAll(join(folder, NAME), NAME)
    .replaceAll(folder, home);
}

/** Runs nginx. All of its output goes to stderr. */
async function nginx(args: readonly string[]): Promise<{ failed: boolean; output: string }> {
  const { error, output } = await new Promise<{ error: ExecFileException | null; output: string }>(
    (done) => {
      const options = { timeout: CLI_LIMITS.nginxCheckMs };
      execFile('nginx', args, options, (error, _stdout, stderr) => {
        done({ error, output: stderr });
      });
    },
  );
  if (error === null) return { failed: false, output };
  if (codeOf(error) === 'ENOENT') {
    throw new Failure(
      '--check needs nginx, which is not on the PATH (it is often in /usr/sbin).',
      EXIT.failed,
    );
  }
  if (error.killed === true) {
    const seconds = String(CLI_LIMITS.nginxCheckMs / 1000);
    throw new Failure(
      `nginx -t did not finish within ${seconds} s.\n${output}`.trim(),
      EXIT.failed,
    );
  }
  if (typeof error.code === 'number') return { failed: true, output };
  throw new Failure(`cannot run nginx: ${reason(error)}.`, EXIT.failed);
}
