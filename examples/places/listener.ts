import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How long responses carry `Connection: close` before the connections are closed. */
const DRAIN_MS = 500;
/** Connections still open after this time are cut. */
const MAX_CLOSING_MS = 5000;

/** The port cannot be had. */
export class ListenError extends Error {}

/** A server of node:http that ends without failing a request. */
export class Listener {
  private isDraining = false;

  private constructor(private readonly server: Server) {}

  /** @throws ListenError when the address cannot be had. */
  static async start(handle: RequestListener, host: string, port: number): Promise<Listener> {
    const server = createServer();
    const listener = new Listener(server);
    server.on('request', (request, response) => {
      // Closing a connection on which the next request is already coming would lose that.
      if (listener.isDraining) response.setHeader('Connection', 'close');
      handle(request, response);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        reject(new ListenError(reasonOf(error, host, port), { cause: error }));
      });
      server.listen(port, host, resolve);
    });
    return listener;
  }

  /** Where this machine reaches it. */
  get origin(): string {
    const { address, family, port } = this.server.address() as AddressInfo;
    const isAny = address === '0.0.0.0' || address === '::';
    if (family === 'IPv6') return `http://[${isAny ? '::1' : address}]:${port}`;
    return `http://${isAny ? '127.0.0.1' : address}:${port}`;
  }

  /** The same with the name that people know. */
  get url(): string {
    return this.origin.replace(/127\.0\.0\.1|\[::1\]/, 'localhost');
  }

  /** Lets connections go one by one, accepts no more, and waits for what is under way. */
  async close(): Promise<void> {
    this.isDraining = true;
    await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
    const late = setTimeout(() => {
      this.server.closeAllConnections();
    }, MAX_CLOSING_MS);
    await new Promise((resolve) => this.server.close(resolve));
    clearTimeout(late);
  }
}

function reasonOf({ code }: NodeJS.ErrnoException, host: string, port: number): string {
  if (code === 'EADDRINUSE') {
    return `Port ${port} of ${host} is in use. Choose another with --port; 0 is any free one.`;
  }
  return `Cannot listen on port ${port} of ${host}: ${code ?? 'unknown reason'}.`;
}
