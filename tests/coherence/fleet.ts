import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

import { bundled } from '../support/program.js';
import type { Answers, Kind, News, Orders } from './protocol.js';

const root = join(__dirname, '../..');

let bundling: Promise<string> | undefined;
const program = (): Promise<string> => (bundling ??= bundled(join(__dirname, 'worker.ts')));

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** A process with its own caches, which executes orders. */
export class Member {
  private readonly pending = new Map<number, Pending>();
  private readonly ready: Promise<void>;
  private readonly gone: Promise<void>;
  private orders = 0;
  /** Called when it runs the first load of a herd. */
  onLoading: (() => void) | undefined;

  private constructor(private readonly process: ChildProcess) {
    this.ready = new Promise((resolve, reject) => {
      process.on('message', (news: News) => {
        if (news.kind === 'ready') resolve();
        else this.hear(news);
      });
      process.once('exit', () => {
        reject(new Error('A process of the fleet did not start.'));
      });
    });
    this.gone = new Promise((resolve) => {
      process.once('exit', () => {
        for (const { reject } of this.pending.values()) {
          reject(new Error('A process of the fleet has ended.'));
        }
        resolve();
      });
    });
  }

  static async start(): Promise<Member> {
    const child = spawn(process.execPath, ['--enable-source-maps', await program()], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const member = new Member(child);
    await member.ready;
    return member;
  }

  ask<K extends Kind>(kind: K, order: Orders[K]): Promise<Answers[K]> {
    const id = ++this.orders;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.process.send({ id, kind, ...order });
    });
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.gone;
  }

  private hear(news: News): void {
    if (news.kind === 'loading') this.onLoading?.();
    if (news.kind !== 'answer' && news.kind !== 'failure') return;
    const waiting = this.pending.get(news.id);
    this.pending.delete(news.id);
    if (news.kind === 'answer') waiting?.resolve(news.answer as never);
    else waiting?.reject(new Error(news.reason));
  }
}

export async function startFleet(size: number): Promise<Member[]> {
  return await Promise.all(Array.from({ length: size }, () => Member.start()));
}
