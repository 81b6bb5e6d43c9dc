import { spawn, type ChildProcess } from 'node:child_process';

import { until } from './redis/server.js';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** Runs the program of `npm start -- <args>` without npm, in the project's folder. */
function start(args: readonly string[], env: Environment): ChildProcess {
  const inherited = { ...process.env };
  for (const name of ['PORT', 'REDIS_URL', 'AURORA_TOKEN', 'INSTANCE']) delete inherited[name];
  return spawn(process.execPath, ['--import', 'tsx', 'examples/places/main.ts', ...args], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Collects the output of a process, and resolves to it when the process has ended. */
function outcomeOf(child: ChildProcess, said: { stdout: string; stderr: string }) {
  return new Promise<Outcome>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => (said.stdout += String(chunk)));
    child.stderr?.on('data', (chunk) => (said.stderr += String(chunk)));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, ...said });
    });
  });
}

/** Runs the example until it ends by itself. */
export async function runExample(args: readonly string[], env: Environment = {}): Promise<Outcome> {
  return await outcomeOf(start(args, env), { stdout: '', stderr: '' });
}

const running = new Set<ExampleServer>();

/** Ends every example of this test file. */
export async function stopExamples(): Promise<void> {
  await Promise.all([...running].map((server) => server.kill()));
}

/** The example with `--serve`, as a separate process. */
export class ExampleServer {
  private readonly said = { stdout: '', stderr: '' };
  private readonly ended: Promise<Outcome>;

  private constructor(private readonly child: ChildProcess) {
    this.ended = outcomeOf(child, this.said);
    running.add(this);
  }

  /** @param args - Besides `--serve`; on a free port unless they name one. */
  static async start(args: readonly string[] = [], env: Environment = {}): Promise<ExampleServer> {
    const server = new ExampleServer(start(['--serve', '--port', '0', ...args], env));
    await until('the example serves', () => {
      if (server.child.exitCode !== null) throw new Error(server.said.stderr);
      return Promise.resolve(server.said.stdout.includes('Ctrl+C ends it.'));
    });
    return server;
  }

  /** Its output so far. */
  get output(): string {
    return this.said.stdout;
  }

  /** The address that it prints: `http://localhost:5001`. */
  get url(): string {
    return /at (http:\/\/\S+) /.exec(this.output)?.[1] ?? 'it printed no address';
  }

  get port(): string {
    return new URL(this.url).port;
  }

  /** The token that it prints, when it was given none. */
  get token(): string {
    return /^ +token +(\w+), or/m.exec(this.output)?.[1] ?? 'it printed no token';
  }

  async fetch(path: string, init?: RequestInit): Promise<Response> {
    return await fetch(this.url + path, init);
  }

  /** The JSON body of a `GET`. */
  async json<T>(path: string): Promise<T> {
    const response = await this.fetch(path);
    return (await response.json()) as T;
  }

  /** Signals it to end, as process managers do. */
  async end(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<Outcome> {
    this.child.kill(signal);
    running.delete(this);
    return await this.ended;
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    running.delete(this);
    await this.ended;
  }
}
