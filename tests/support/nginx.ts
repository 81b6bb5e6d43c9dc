import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { generateNginxConfig, type NginxOptions } from 'aurora-cache/nginx';

import { freePort, until } from './redis/server.js';

const run = promisify(execFile);

/** Folder for the files of a test's nginx, to be removed by {@link removeFolder}. */
export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'aurora-nginx-'));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** The error of `nginx -t` for a configuration; `undefined` if there is none. */
export async function refusalOf(
  text: string,
  folder: string,
  name = 'nginx',
): Promise<string | undefined> {
  try {
    await warningsOf(text, folder, name);
    return undefined;
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

/** The warnings of `nginx -t` for a valid configuration. */
export async function warningsOf(text: string, folder: string, name = 'nginx'): Promise<string> {
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, text);
  const { stderr } = await run('nginx', ['-t', '-q', '-c', file, '-e', join(folder, 'error.log')]);
  return stderr;
}

/** `1.22.1` */
export async function installedVersion(): Promise<string> {
  const { stderr } = await run('nginx', ['-v']);
  return /nginx\/([\d.]+)/.exec(stderr)?.[1] ?? stderr;
}

/** A key and a certificate for `localhost`, signed by itself. */
export async function makeCertificate(
  folder: string,
): Promise<{ certificate: string; certificateKey: string }> {
  const [certificate, certificateKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', certificateKey, '-out', certificate, '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
  ]);
  return { certificate, certificateKey };
}

const running = new Set<Nginx>();

/** Ends every nginx of this test file. */
export async function stopNginx(): Promise<void> {
  await Promise.all([...running].map((nginx) => nginx.stop()));
}

/** The files that every nginx of a test needs for itself. */
export interface OwnFiles {
  readonly port: number;
  readonly accessLog: string;
  readonly errorLog: string;
  readonly pidFile: string;
}

/** A real nginx with a generated configuration, on a free port of 127.0.0.1. */
export class Nginx {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    private readonly folder: string,
  ) {
    running.add(this);
  }

  static async start(options: NginxOptions): Promise<Nginx> {
    return await Nginx.run((own) => generateNginxConfig({ ...own, ...options }), options.port);
  }

  /** With a configuration of the test's own, which gets the places of its files. */
  static async run(textOf: (own: OwnFiles) => string, wanted?: number): Promise<Nginx> {
    const folder = makeFolder();
    const port = wanted ?? (await freePort());
    const file = join(folder, 'nginx.conf');
    const own = {
      port,
      accessLog: join(folder, 'access.log'),
      errorLog: join(folder, 'error.log'),
      pidFile: join(folder, 'nginx.pid'),
    };
    writeFileSync(file, textOf(own));
    const child = spawn('nginx', ['-c', file, '-e', own.errorLog, '-g', 'daemon off;'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => (said += String(chunk)));
    const nginx = new Nginx(child, port, folder);
    await until('nginx listens', async () => {
      if (child.exitCode !== null) throw new Error(said);
      return await accepts(port);
    });
    return nginx;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  /** Has new workers take over. */
  reload(): void {
    this.child.kill('SIGHUP');
  }

  /** The lines of the access log so far; nginx writes them when requests have ended. */
  get accessLog(): Readonly<Record<string, string | number | null>>[] {
    const text = readFileSync(join(this.folder, 'access.log'), 'utf8').trim();
    return text === ''
      ? []
      : text.split('\n').map((line) => JSON.parse(line) as Record<string, string | number | null>);
  }

  async stop(): Promise<void> {
    running.delete(this);
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await gone;
    }
    removeFolder(this.folder);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      resolve(true);
      socket.destroy();
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}

/** nginx in front of one server of the tests. */
export async function nginxBefore(
  { address }: { readonly address: string },
  options: NginxOptions = {},
): Promise<Nginx> {
  return await Nginx.start({ upstreams: [{ name: 'api', servers: [address] }], ...options });
}

/** Trusts the test as a balancer in front, so that it chooses the client's address. */
export const trusting: NginxOptions = { trustedProxies: ['127.0.0.1'] };

/** @param client - Address of the client that a request is said to come from. */
export const as = (client: string): { headers: Record<string, string> } => ({
  headers: { 'X-Forwarded-For': client },
});

/** Of no local network. */
export const FOREIGNER = '203.0.113.9';
