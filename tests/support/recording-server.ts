import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

const running = new Set<RecordingServer>();

/** Ends every recording server of this test file. */
export async function stopRecordingServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
}

/** A server that records its requests: what a proxy made of them. */
export class RecordingServer {
  readonly seen: IncomingMessage[] = [];

  private constructor(private readonly server: Server) {
    running.add(this);
  }

  /** @param answer - Default: `ok`. */
  static async start(
    answer: RequestListener = (_, response) => response.end('ok'),
    port = 0,
  ): Promise<RecordingServer> {
    const server = createServer((request, response) => {
      recording.seen.push(request);
      answer(request, response);
    });
    const recording = new RecordingServer(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return recording;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${String(this.port)}`;
  }

  /** Takes connections over, as WebSockets do. */
  onUpgrade(take: (request: IncomingMessage, socket: Duplex) => void): void {
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      this.seen.push(request);
      take(request, socket);
    });
  }

  async stop(): Promise<void> {
    if (!running.delete(this)) return;
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
