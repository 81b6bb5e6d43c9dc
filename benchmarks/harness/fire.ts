/** Sends requests over kept-alive connections, as many as are answered. */
export type Fire = (
  url: string,
  options: {
    readonly connections: number;
    readonly seconds: number;
    /** Asked for one after the other; default: the URL's own. */
    readonly paths?: readonly string[];
  },
) => Promise<{
  /** Requests per second. */
  readonly rate: number;
  readonly total: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}>;

const FILE = 'autocannon';

/** It is installed with the rivals. */
export async function loadGenerator(): Promise<Fire> {
  return ((await import(`../rivals/${FILE}.ts`)) as { fire: Fire }).fire;
}
