import { Redis } from 'ioredis';

/** A write that its process holds to be known to everybody. */
export interface Acknowledgement {
  readonly version: number;
  /** By `Date.now()`, which is the same for all processes of a machine. */
  readonly at: number;
}

/** Older ones tell nothing that these do not. */
const MOST_KEPT = 100;

/** What the caches stand before: a version per row, and who has acknowledged which one when. */
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

  /** Writes a row; answers its new version. */
  async write(row: string): Promise<number> {
    return await this.client.incr(this.name('row', row));
  }

  async acknowledge(row: string, { version, at }: Acknowledgement): Promise<void> {
    const name = this.name('log', row);
    await this.client
      .multi()
      .lpush(name, `${version}@${at}`)
      .ltrim(name, 0, MOST_KEPT - 1)
      .exec();
  }

  async acknowledged(row: string): Promise<Acknowledgement[]> {
    const log = await this.client.lrange(this.name('log', row), 0, -1);
    return log.map((line) => {
      const [version, at] = line.split('@');
      return { version: Number(version), at: Number(at) };
    });
  }

  close(): void {
    this.client.disconnect();
  }

  private name(...parts: string[]): string {
    return [this.namespace, ...parts].join(':');
  }
}
