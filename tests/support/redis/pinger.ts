import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Runs beside the event loop that it is to know nothing of. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { Redis } = require('ioredis');
const client = new Redis(workerData.port);
let going = true;
parentPort.once('message', () => (going = false));
(async () => {
  await client.ping();
  parentPort.postMessage('ready');
  const times = [];
  while (going) {
    const start = performance.now();
    await client.ping();
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  client.disconnect();
  parentPort.postMessage(times);
})();
`;

/** How long a server took to answer, in ms. */
export interface Latency {
  readonly times: number;
  readonly median: number;
  readonly p99: number;
  readonly longest: number;
}

/** Sends pings to a server continuously, from a separate thread. */
export class Pinger {
  private constructor(private readonly worker: Worker) {}

  /** @param port - The server's, on 127.0.0.1. */
  static async start(port: number): Promise<Pinger> {
    const worker = new Worker(PROGRAM, { eval: true, workerData: { port } });
    await once(worker, 'message');
    return new Pinger(worker);
  }

  async stop(): Promise<Latency> {
    const answer = once(this.worker, 'message') as Promise<[number[]]>;
    this.worker.postMessage('stop');
    const [times] = await answer;
    await this.worker.terminate();
    times.sort((a, b) => a - b);
    const at = (share: number): number =>
      times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN;
    return { times: times.length, median: at(0.5), p99: at(0.99), longest: at(1) };
  }
}

export function described({ times, median, p99, longest }: Latency): string {
  const [a, b, c] = [median, p99, longest].map((ms) => ms.toFixed(2));
  return `PING p50 ${String(a)} ms, p99 ${String(b)} ms, longest ${String(c)} ms of ${String(times)}`;
}
