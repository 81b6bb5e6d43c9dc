import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('load.lua', import.meta.url));

export interface Load {
  readonly connections: number;
  readonly seconds: number;
  /** Requested in turn; default: the URL's own path. */
  readonly paths?: readonly string[];
}

/** The result. */
export interface Fired {
  /** Requests per second. */
  readonly rate: number;
  readonly total: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * Sends requests over kept-alive connections, each after the response to the last. Uses wrk: a load
 * generator in JavaScript would be slower than the servers, and would limit the result.
 *
 * @throws when a request fails, or its response is an error.
 */
export async function fire(
  url: string,
  { connections, seconds, paths = [] }: Load,
): Promise<Fired> {
  const words = ['-t1', `-c${connections}`, '-d1m', '-s', SCRIPT, url, '--', ...paths];
  const running = promisify(execFile)('wrk', words);
  // It counts in whole seconds, but ends in good order when it is interrupted.
  const end = setTimeout(() => running.child.kill('SIGINT'), seconds * 1000);
  const { stdout } = await running.finally(() => clearTimeout(end));
  const line = stdout.trim().split('\n').at(-1) as string;
  const seen = JSON.parse(line) as Omit<Fired, 'rate'> & { failed: number; seconds: number };
  const { total, failed, p50, p99 } = seen;
  if (failed > 0) throw new Error(`${failed} requests of ${url} failed.`);
  return { rate: total / seen.seconds, total, p50, p99 };
}
