import { isIPv4 } from 'node:net';

import type { Server, Settings, Upstream } from './schema.js';
import { block, timeOf, type Lines } from './text.js';

const STRATEGIES: Readonly<Record<Upstream['strategy'], (of: Upstream) => string | false>> = {
  round_robin: () => false,
  least_conn: () => 'least_conn;',
  ip_hash: () => 'ip_hash;',
  hash: ({ hashKey = '' }: Upstream) => `hash ${hashKey} consistent;`,
  random: () => 'random two least_conn;',
};

/** An `upstream` block: its servers and strategy. */
export function upstreamBlock(upstream: Upstream, { resolver }: Settings): Lines {
  const { name, strategy, servers, keepalive, keepaliveTimeout } = upstream;
  return block(
    `upstream ${name}`,
    // Shared between workers: otherwise each would count connections and failures separately.
    `zone ${name} 256k;`,
    STRATEGIES[strategy](upstream),
    resolver !== undefined &&
      `resolver ${resolver.addresses.join(' ')} valid=${timeOf(resolver.valid)};`,
    ...servers.map((server) => serverLine(server, resolver !== undefined)),
    keepalive > 0 && idleLines(keepalive, keepaliveTimeout),
  );
}

function idleLines(keepalive: number, timeoutMs: number): Lines {
  return [`keepalive ${String(keepalive)};`, `keepalive_timeout ${timeOf(timeoutMs)};`];
}

function serverLine(server: Server, isResolved: boolean): string {
  const { address, weight, maxFails, failTimeout, maxConnections, backup, down } = server;
  const words = [
    `server ${address}`,
    isResolved && isName(address) && 'resolve',
    weight !== 1 && `weight=${String(weight)}`,
    `max_fails=${String(maxFails)}`,
    // In whole seconds.
    `fail_timeout=${String(Math.ceil(failTimeout / 1000))}s`,
    maxConnections !== undefined && `max_conns=${String(maxConnections)}`,
    backup && 'backup',
    down && 'down',
  ];
  return `${words.filter((word) => word !== false).join(' ')};`;
}

/** Whether the host is resolved by DNS. */
function isName(address: string): boolean {
  const host = address.replace(/:\d+$/, '');
  return !/^(?:unix:|\[)/.test(address) && host !== 'localhost' && !isIPv4(host);
}
