import type { Duration } from '../base/time/duration.js';

/**
 * How an upstream selects a server.
 *
 * - `round_robin`: one after the other, by weight.
 * - `least_conn`: the one with the fewest connections; best if some requests take long.
 * - `ip_hash`: by the client's address (for IPv4, its first three numbers), so that clients keep their
 *   server.
 * - `hash`: by {@link NginxUpstream.hashKey}, consistently: adding or removing a server moves only its
 *   own share.
 * - `random`: of two random servers, the one with fewer connections; for several balancers that share
 *   servers.
 */
export type NginxStrategy = 'round_robin' | 'least_conn' | 'ip_hash' | 'hash' | 'random';

/** One server of an upstream. */
export interface NginxServer {
  /** `host:port`, `[IPv6]:port` or `unix:/path`. */
  address: string;
  /**
   * Its share of the requests relative to the others, from 1 to 1000.
   *
   * @default 1
   */
  weight?: number | undefined;
  /**
   * Used only when all others are down; not with `ip_hash`, `hash` and `random`.
   *
   * @default false
   */
  backup?: boolean | undefined;
  /**
   * Out of service; `ip_hash` and `hash` distribute its clients to the others.
   *
   * @default false
   */
  down?: boolean | undefined;
  /**
   * Number of failures within `failTimeout` after which it is out of service; 0 for never.
   *
   * @default 3
   */
  maxFails?: number | undefined;
  /**
   * How long it is then out of service, rounded up to whole seconds.
   *
   * @default '10s'
   */
  failTimeout?: Duration | undefined;
  /**
   * Maximum number of connections, from 1 to 65535.
   *
   * @default not limited
   */
  maxConnections?: number | undefined;
}

/** A group of equivalent servers. */
export interface NginxUpstream {
  /** Letters, digits and underscores, at most 64. */
  name: string;
  /**
   * How a server is selected for each request; see {@link NginxStrategy}.
   *
   * @default 'round_robin'
   */
  strategy?: NginxStrategy | undefined;
  /**
   * The key of `hash`, which requires one: `$request_uri`, `$uri`, `$remote_addr`, `$host`, or one header,
   * cookie or parameter as `$http_<name>`, `$cookie_<name>` or `$arg_<name>`.
   *
   * @default none
   */
  hashKey?: string | undefined;
  /** Addresses, or servers with options. At least one must be neither backup nor down. */
  servers: readonly (string | NginxServer)[];
  /**
   * Number of idle connections to keep per worker; 0 for none.
   *
   * @default 32
   */
  keepalive?: number | undefined;
  /**
   * How long to keep idle connections. Must be less than the time-out of the servers, or requests use
   * connections that are just being closed: Node's `keepAliveTimeout` is 5 seconds.
   *
   * @default '4s'
   */
  keepaliveTimeout?: Duration | undefined;
}

/** Time-outs for servers. */
export interface NginxTimeouts {
  /**
   * Maximum time to connect.
   *
   * @default '2s'
   */
  connect?: Duration | undefined;
  /**
   * Maximum time between two writes of a request.
   *
   * @default '60s', or an hour for WebSockets
   */
  send?: Duration | undefined;
  /**
   * Maximum time between two reads of a response.
   *
   * @default '60s', or an hour for WebSockets
   */
  read?: Duration | undefined;
}

/** Maps paths to an upstream. */
export interface NginxRoute {
  /** Prefix of the paths, `'/api/'`, or with `exact` the whole path. The longest one wins. */
  path: string;
  /**
   * Whether only the path itself matches, rather than all paths that begin with it.
   *
   * @default false
   */
  exact?: boolean | undefined;
  /** Name of the upstream. */
  upstream: string;
  /**
   * Lets connections become WebSockets.
   *
   * @default false
   */
  webSocket?: boolean | undefined;
  /**
   * `false` passes responses on without buffering, for server-sent events.
   *
   * @default true
   */
  buffering?: boolean | undefined;
  /**
   * Overrides `timeouts` of all routes.
   *
   * @default the `timeouts` of all routes
   */
  timeouts?: NginxTimeouts | undefined;
  /**
   * Overrides `maxBodySize` of all routes.
   *
   * @default the `maxBodySize` of all routes
   */
  maxBodySize?: string | undefined;
  /**
   * Networks that may use it, as addresses or CIDR. The restriction covers every spelling that a service may
   * treat as the same path: another case, a trailing slash.
   *
   * @default all networks
   */
  networks?: readonly string[] | undefined;
  /**
   * Files with your own directives for its `location`, as absolute paths; `*` for several.
   *
   * @default none
   */
  include?: readonly string[] | undefined;
}
