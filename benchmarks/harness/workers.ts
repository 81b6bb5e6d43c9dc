import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of the benchmark, which executes one request after another. */
export class Worker {
  private constructor(private readonly child: ChildProcess) {}

  /** @param file - Of `cases/`; it calls {@link serve}. */
  static async start(file: string, words: readonly string[] = []): Promise<Worker> {
    const path = fileURLToPath(new URL(`../cases/${file}`, import.meta.url));
    const worker = new Worker(fork(path, words, { execArgv: process.execArgv }));
    await worker.answer();
    return worker;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** @throws if the process ends without a reply. */
  async ask<T>(question: string): Promise<T> {
    const answer = this.answer();
    this.child.send(question);
    return (await answer) as T;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.disconnect();
    await gone;
  }

  private answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => {
        reject(new Error(`A process of the benchmark ended with ${String(code)}.`));
      };
      this.child.once('exit', ended);
      this.child.once('message', (message) => {
        this.child.off('exit', ended);
        resolve(message);
      });
    });
  }
}

/** In the process itself: replies to each request until the benchmark is over. */
export function serve(answer: (question: string) => unknown): void {
  process.on('message', (question: string) => {
    void (async () => process.send?.((await answer(question)) ?? null))();
  });
  process.once('disconnect', () => process.exit());
  process.send?.('ready');
}
