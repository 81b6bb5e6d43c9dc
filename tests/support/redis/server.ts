import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';

/** How long a server may take to answer its first PING. */
const PATIENCE_MS = 10_000;

/** A `redis-server` of the tests' own, on a free port of 127.0.0.1 and in a folder of its own. */
export class RedisServer {
  private process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly settings: readonly string[],
  ) {}

  /** @param settings - Further settings, as on the command line: `['--maxmemory', '10mb']`. */
  static async start(settings: readonly string[] = []): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'aurora-redis-'));
    const server = new RedisServer(await freePort(), folder, settings);
    await server.up();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${String(this.port)}`;
  }

  /** Starts the process, again after {@link RedisServer.kill}, and waits until it answers. */
  async up(): Promise<void> {
    this.process = spawn(
      'redis-server',
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder],
        ...['--save', '', '--appendonly', 'no', ...this.settings],
      ],
      { stdio: 'ignore' },
    );
    await answering(this.port);
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
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function answering(port: number): Promise<void> {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    retryStrategy: () => 25,
    maxRetriesPerRequest: null,
  });
  client.on('error', () => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`redis-server on port ${String(port)} does not answer.`));
    }, PATIENCE_MS);
  });
  try {
    await Promise.race([client.ping(), late]);
  } finally {
    clearTimeout(timer);
    client.disconnect();
  }
}
