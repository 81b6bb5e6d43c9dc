import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Connections that listen (that have sent `SUBSCRIBE`), all the others, or both. */
export type Which = 'bus' | 'commands' | 'all';

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  isBus: boolean;
}

/** A TCP proxy before a server, which can hold, delay, slow down and cut what goes through it. */
export class Proxy {
  private readonly links = new Set<Link>();
  private readonly paused = new Set<Which>();
  private readonly delays = new Map<Which, number>();
  private bytesPerMs = Infinity;
  /** Checks again whether chunks are still held back. */
  private readonly held = new Set<() => void>();
  /** Connections that were taken so far. */
  accepted = 0;
  /** Bytes that clients have sent so far. */
  sent = 0;

  private constructor(
    private readonly server: Server,
    /** The server's port, to which new connections lead. */
    public target: number,
  ) {
    server.on('connection', (client) => {
      this.link(client);
    });
  }

  /** @param target - The server's port on 127.0.0.1. */
  static async start(target: number): Promise<Proxy> {
    const server = createServer();
    const proxy = new Proxy(server, target);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${String(this.port)}`;
  }

  /** Connections of a kind that are open. */
  count(which: Which): number {
    return [...this.links].filter((link) => is(link, which)).length;
  }

  /** Lets nothing through, in either direction, and closes nothing: a black hole. */
  pause(which: Which = 'all'): void {
    this.paused.add(which);
  }

  /** Lets everything through, what was held back first. */
  resume(): void {
    this.paused.clear();
    for (const release of this.held) release();
    this.held.clear();
  }

  /** Delays everything by `ms` milliseconds; 0 for not at all. */
  delay(ms: number, which: Which = 'all'): void {
    this.delays.set(which, ms);
  }

  /** Lets a number of bytes through in each direction of a connection that does not listen. */
  throttle(bytesPerMs: number): void {
    this.bytesPerMs = bytesPerMs;
  }

  /** Cuts the connections of a kind. */
  drop(which: Which = 'all'): void {
    for (const link of [...this.links]) {
      if (is(link, which)) link.client.destroy();
    }
  }

  async stop(): Promise<void> {
    this.drop();
    this.resume();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private link(client: Socket): void {
    this.accepted++;
    const link: Link = { client, upstream: connect(this.target, '127.0.0.1'), isBus: false };
    this.links.add(link);
    const end = (): void => {
      this.links.delete(link);
      client.destroy();
      link.upstream.destroy();
    };
    for (const socket of [client, link.upstream]) {
      socket.setNoDelay(true);
      socket.on('error', end).on('close', end);
    }
    this.pipe(link, client, link.upstream, (chunk) => {
      this.sent += chunk.length;
      link.isBus ||= /\r\n(?:p|s)?subscribe\r\n/i.test(chunk.toString('latin1'));
    });
    this.pipe(link, link.upstream, client);
  }

  private pipe(link: Link, from: Socket, to: Socket, look?: (chunk: Buffer) => void): void {
    let last = Promise.resolve();
    let passedAt = 0;
    from.on('data', (chunk: Buffer) => {
      look?.(chunk);
      const transferMs = link.isBus ? 0 : chunk.length / this.bytesPerMs;
      passedAt = Math.max(passedAt, performance.now()) + transferMs;
      const dueAt = passedAt + this.delayOf(link);
      last = last.then(async () => {
        const waitMs = dueAt - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        while (this.isPaused(link)) {
          await new Promise<void>((resolve) => this.held.add(resolve));
        }
        if (!to.destroyed) to.write(chunk);
      });
    });
  }

  private isPaused(link: Link): boolean {
    return this.links.has(link) && [...this.paused].some((which) => is(link, which));
  }

  private delayOf(link: Link): number {
    const delays = [...this.delays].map(([which, ms]) => (is(link, which) ? ms : 0));
    return Math.max(0, ...delays);
  }
}

function is(link: Link, which: Which): boolean {
  return which === 'all' || link.isBus === (which === 'bus');
}
