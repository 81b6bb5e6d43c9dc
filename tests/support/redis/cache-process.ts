import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

import { bundled } from '../program.js';
import type { Command, Commands } from './cache-host.js';

const ROOT = join(__dirname, '../../..');

let bundling: Promise<string> | undefined;
const program = (): Promise<string> => (bundling ??= bundled(join(__dirname, 'cache-host.ts')));

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

const running = new Set<CacheProcess>();

/** Ends every process of this test file. */
export function stopProcesses(): void {
  for (const one of running) one.kill();
}

/** Another process with caches in it: see `cache-host.ts` for its commands. */
export class CacheProcess {
  /** Its standard error so far. */
  stderr = '';
  /** Its exit code, when it ends. */
  readonly ended: Promise<number | null>;
  private readonly waiting = new Map<number, Waiting>();
  private orders = 0;

  private constructor(private readonly child: ChildProcess) {
    running.add(this);
    child.stderr?.on('data', (chunk) => (this.stderr += String(chunk)));
    child.on('message', ({ id, value, error }: Answer) => {
      const { resolve, reject } = this.waiting.get(id) ?? {};
      this.waiting.delete(id);
      if (error === undefined) resolve?.(value as never);
      else reject?.(new Error(error));
    });
    this.ended = new Promise((resolve) => {
      child.on('exit', (code) => {
        running.delete(this);
        for (const { reject } of this.waiting.values()) {
          reject(new Error(`The process has ended. ${this.stderr}`));
        }
        resolve(code);
      });
    });
  }

  static async start(env: NodeJS.ProcessEnv = {}): Promise<CacheProcess> {
    const child = fork(await program(), [], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      // Where no program may be made from text, as in hardened deployments.
      execArgv: [
        ...['--expose-gc', '--enable-source-maps'],
        '--disallow-code-generation-from-strings',
      ],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const started = new CacheProcess(child);
    await new Promise<void>((resolve, reject) => {
      started.waiting.set(0, { resolve, reject });
    });
    return started;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Sends the order there, and resolves to its result. */
  async do<C extends Command>(
    command: C,
    ...words: Parameters<Commands[C]>
  ): Promise<Awaited<ReturnType<Commands[C]>>> {
    const id = ++this.orders;
    return await new Promise<Awaited<ReturnType<Commands[C]>>>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.child.send({ id, command, words });
    });
  }

  /** Leaves it alone: it ends as soon as nothing keeps it alive. */
  leave(): void {
    this.child.send({ id: 0, command: 'leave', words: [] });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
