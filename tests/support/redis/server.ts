import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis, type RedisOptions } from 'ioredis';

import { PATIENCE_MS } from '../until.js';

export { until } from '../until.js';

/** How a client reaches a server, besides host and port. */
export type Reach = Pick<RedisOptions, 'tls' | 'username' | 'password'>;

/** Differences from a plain server. */
export interface Launch {
  /** Default: a free one. */
  readonly port?: number;
  readonly client?: Reach;
  /** The whole command line; default: an empty server that keeps nothing on disk. */
  readonly commandLine?: (port: number, folder: string) => readonly string[];
}

const START_ATTEMPTS = 5;
const running = new Set<RedisServer>();

/** Ends every server of this test file, those of a set-up that failed half-way included. */
export async function stopServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
}

/** A `redis-server` for the tests, on a free port of 127.0.0.1 and in a separate folder. */
export class RedisServer {
  private process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly commandLine: readonly string[],
    private readonly client: Reach,
  ) {}

  /** @param settings - Further settings, as on the command line: `['--maxmemory', '10mb']`. */
  static async start(
    settings: readonly string[] = [],
    { port: wanted, client = {}, commandLine = plain }: Launch = {},
  ): Promise<RedisServer> {
    for (let attempt = 1; ; attempt++) {
      const port = wanted ?? (await freePort());
      const folder = mkdtempSync(join(tmpdir(), 'aurora-redis-'));
      const words = [...commandLine(port, folder), ...settings];
      const server = new RedisServer(port, folder, words, client);
      running.add(server);
      try {
        await server.up();
        return server;
      } catch (error) {
        await server.stop();
        // Another program may have taken the port that was free.
        if (wanted !== undefined || attempt === START_ATTEMPTS) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${String(this.port)}`;
  }

  /** Of the process, while it runs. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Starts the process, again after {@link RedisServer.kill}, and waits until it replies. */
  async up(): Promise<void> {
    const child = spawn('redis-server', this.commandLine, { stdio: 'ignore' });
    this.process = child;
    const ended = new Promise<never>((_, reject) => {
      child.once('exit', (code) => {
        reject(new Error(`redis-server on port ${String(this.port)} ended: ${String(code)}.`));
      });
    });
    await Promise.race([answering({ ...this.client, port: this.port }, child.pid), ended]);
  }

  /** Ends the process at once; what it held is lost. */
  async kill(): Promise<void> {
    const { process: child } = this;
    this.process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** Stops the process from running without closing its connections: a hung server. */
  freeze(): void {
    this.process?.kill('SIGSTOP');
  }

  /** Ends {@link RedisServer.freeze}. */
  thaw(): void {
    this.process?.kill('SIGCONT');
  }

  /** Ends the process and removes its folder. */
  async stop(): Promise<void> {
    this.thaw();
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
    running.delete(this);
  }
}

function plain(port: number, folder: string): readonly string[] {
  return [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
    ...['--save', '', '--appendonly', 'no'],
  ];
}

/** A port without a listener. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Waits for the reply of a server, and not of another process that has the port. */
async function answering(
  options: Reach & { readonly port: number },
  pid: number | undefined,
): Promise<void> {
  const client = new Redis({
    host: '127.0.0.1',
    ...options,
    retryStrategy: () => 25,
    maxRetriesPerRequest: null,
  });
  let last: Error | undefined;
  client.on('error', (error) => (last = error));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const port = String(options.port);
      reject(new Error(`redis-server on port ${port} does not answer.`, { cause: last }));
    }, PATIENCE_MS);
  });
  try {
    await Promise.race([client.ping(), late]);
    // A user with few rights may not read it.
    const info = await client.info('server').catch(() => undefined);
    if (info?.includes(`process_id:${String(pid)}\r`) === false) {
      throw new Error(`Another process has port ${String(options.port)}.`);
    }
  } finally {
    clearTimeout(timer);
    client.disconnect();
  }
}
