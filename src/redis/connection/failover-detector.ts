import type { Redis } from 'ioredis';

/** An ioredis client's connections to sentinels, where it keeps them. */
interface Connector {
  readonly failoverDetector?: {
    readonly sentinels?: readonly { client?: SentinelClient }[];
    readonly cleanup?: () => void;
  } | null;
}

interface SentinelClient {
  on(event: string, listener: () => void): unknown;
  readonly stream?: { unref?: () => unknown } | undefined;
  readonly reconnectTimeout?: { unref?: () => unknown } | null;
}

/**
 * Releases the connections on which sentinels report failovers: they no longer hold the process open, and
 * their errors are not printed, as ioredis does without a listener. They also end with the connection to the
 * primary, since a report during the next attempt to connect would make ioredis end the client for good.
 *
 * @internal
 */
export function releaseDetector(client: Redis): void {
  const { connector } = client as unknown as { connector?: Connector };
  // ioredis creates them once the connection to the primary is up.
  client.on('connect', () => {
    setImmediate(() => {
      for (const { client: sentinel } of connector?.failoverDetector?.sentinels ?? []) {
        if (sentinel !== undefined) release(sentinel);
      }
    });
  });
  client.on('close', () => {
    connector?.failoverDetector?.cleanup?.();
  });
}

function release(sentinel: SentinelClient): void {
  const unref = (): void => {
    sentinel.stream?.unref?.();
    sentinel.reconnectTimeout?.unref?.();
  };
  // If one sentinel is unreachable, the others still report failovers.
  sentinel.on('error', () => undefined);
  for (const event of ['connect', 'ready', 'reconnecting']) sentinel.on(event, unref);
  unref();
}
