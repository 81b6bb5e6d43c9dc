import { Redis } from 'ioredis';

/** A write that its process considers visible to all processes. */
export interface Acknowledgement {
  readonly version: number;
  /** By `Date.now()`, which is the same for all processes of a machine. */
  readonly at: number;
  /** The process that wrote. */
  readonly author: number;
  /** How often Redis had come back in an earlier state when the write began. */
  readonly restarts: number;
}

/** How often Redis has gone back to an earlier state, and which processes have dealt with it. */
export interface Trouble {
  /** Counted before it is killed. */
  readonly crashes: number;
  /** Counted once it is dead. */
  readonly restarts: number;
  /** By process, the latest crash after which it has done everything again, and when it had. */
  readonly caught: ReadonlyMap<number, { readonly crash: number; readonly at: number }>;
}

/** Older ones add no information. */
const MOST_KEPT = 100;

/** The database behind the caches: a version per row, and when each was acknowledged. */
export class Database {
  private readonly client: Redis;

  constructor(
    url: string,
    private readonly namespace: string,
  ) {
    this.client = new Redis(url);
  }

  /** The version of a row. */
  async read(row: string): Promise<number> {
    return Number((await this.client.get(this.name('row', row))) ?? 0);
  }

  /** Writes a row; returns its new version. */
  async write(row: string): Promise<number> {
    return await this.client.incr(this.name('row', row));
  }

  async acknowledge(row: string, one: Acknowledgement): Promise<void> {
    const { version, at, author, restarts } = one;
    const name = this.name('log', row);
    await this.client
      .multi()
      .lpush(name, [version, at, author, restarts].join('@'))
      .ltrim(name, 0, MOST_KEPT - 1)
      .exec();
  }

  async acknowledged(row: string): Promise<Acknowledgement[]> {
    const log = await this.client.lrange(this.name('log', row), 0, -1);
    return log.map((line) => {
      const [version = 0, at = 0, author = 0, restarts = 0] = line.split('@').map(Number);
      return { version, at, author, restarts };
    });
  }

  async trouble(): Promise<Trouble> {
    const { crashes, restarts, ...rest } = await this.client.hgetall(this.name('trouble'));
    const caught = Object.entries(rest).map(([worker, text]) => {
      const [crash = 0, at = 0] = text.split('@').map(Number);
      return [Number(worker), { crash, at }] as const;
    });
    return {
      crashes: Number(crashes ?? 0),
      restarts: Number(restarts ?? 0),
      caught: new Map(caught),
    };
  }

  async count(what: 'crashes' | 'restarts'): Promise<void> {
    await this.client.hincrby(this.name('trouble'), what, 1);
  }

  /** A process has done again what a crash had undone. */
  async caughtUp(worker: number, crash: number): Promise<void> {
    await this.client.hset(this.name('trouble'), String(worker), `${crash}@${Date.now()}`);
  }

  close(): void {
    this.client.disconnect();
  }

  private name(...parts: string[]): string {
    return [this.namespace, ...parts].join(':');
  }
}
