import type { Duration } from '../base/duration.js';

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
   * Overrides {@link NginxOptions.timeouts}.
   *
   * @default the `timeouts` of {@link NginxOptions}
   */
  timeouts?: NginxTimeouts | undefined;
  /**
   * Overrides {@link NginxOptions.maxBodySize}.
   *
   * @default the `maxBodySize` of {@link NginxOptions}
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

/** TLS settings. */
export interface NginxTls {
  /** Path of the certificate, with its chain, as PEM. */
  certificate: string;
  /** Path of its key. */
  certificateKey: string;
  /**
   * The encrypted port.
   *
   * @default 443
   */
  port?: number | undefined;
  /**
   * Redirects plain requests to the encrypted port with 308, under their own name.
   *
   * @default true
   */
  redirect?: boolean | undefined;
  /**
   * How long browsers must use TLS (`Strict-Transport-Security`); `false` for off.
   *
   * @default '180d'
   */
  hsts?: Duration | false | undefined;
  /**
   * Enables HTTP/2.
   *
   * @default true
   */
  http2?: boolean | undefined;
}

/** Limits the requests of a client; requests beyond the limit get a 429. */
export interface NginxRateLimit {
  /** From 1 to 100,000. */
  requestsPerSecond: number;
  /**
   * Number of requests that may exceed the rate at once.
   *
   * @default the value of `requestsPerSecond`
   */
  burst?: number | undefined;
}

/** Paths of the API of `aurora-cache/http`. */
export interface NginxPerformanceApi {
  /**
   * The `basePath` of the API.
   *
   * @default '/api/performance'
   */
  basePath?: string | undefined;
  /**
   * The `prometheusPath` of the API.
   *
   * @default '/metrics'
   */
  prometheusPath?: string | undefined;
  /**
   * Name of the upstream.
   *
   * @default the first upstream
   */
  upstream?: string | undefined;
  /**
   * Networks that may use it, as addresses or CIDR; `/health` is open to all.
   *
   * @default this machine and private networks
   */
  networks?: readonly string[] | undefined;
}

/** Name servers with which nginx resolves names of servers at run time. */
export interface NginxResolver {
  /** IP addresses, with or without a port; in Docker `'127.0.0.11'`. */
  addresses: readonly string[];
  /**
   * How long an address is cached; overrides the TTL of the name server.
   *
   * @default '10s'
   */
  valid?: Duration | undefined;
}

/** Files with your own directives, as absolute paths; `*` for several. */
export interface NginxInclude {
  /**
   * For the `http` block, before the upstreams.
   *
   * @default none
   */
  http?: readonly string[] | undefined;
  /**
   * For the `server` block, before the locations.
   *
   * @default none
   */
  server?: readonly string[] | undefined;
}

/** Options of {@link generateNginxConfig}. */
export interface NginxOptions {
  /**
   * For editors: the path of `nginx.schema.json`, which comes with the package. Not used.
   *
   * @default none
   */
  $schema?: string | undefined;
  /**
   * `'main'`: a whole `nginx.conf`. `'http'`: the content of an `http` block, for `conf.d` or `sites-enabled`.
   *
   * @default 'main'
   */
  context?: 'main' | 'http' | undefined;
  /**
   * The oldest nginx version that must accept the configuration, such as `'1.28'` or `'1.27.3'`: some
   * directives are new, and some forms deprecated. At least `'1.18'`.
   *
   * @default '1.18'
   */
  nginxVersion?: string | undefined;
  /**
   * Names of the server, including wildcards such as `*.example.org`. Requests for other names get no
   * response (444, or no TLS handshake), except for the health route on the plain port.
   *
   * @default any name
   */
  serverNames?: readonly string[] | undefined;
  /**
   * The plain port.
   *
   * @default 80
   */
  port?: number | undefined;
  /**
   * Listens on IPv6 as well.
   *
   * @default false
   */
  ipv6?: boolean | undefined;
  /**
   * Groups of servers.
   *
   * @default `aurora_backend`, `aurora_frontend` and `aurora_chat` on this machine
   */
  upstreams?: readonly NginxUpstream[] | undefined;
  /**
   * Which upstream handles which paths.
   *
   * @default with the default upstreams `/api/`, `/` and `/chat/`; otherwise `/` to the first upstream
   */
  routes?: readonly NginxRoute[] | undefined;
  /**
   * Paths and access of the API of `aurora-cache/http`; `false` if there is none.
   *
   * @default the defaults of {@link NginxPerformanceApi}
   */
  performanceApi?: NginxPerformanceApi | false | undefined;
  /**
   * TLS settings.
   *
   * @default none: no TLS
   */
  tls?: NginxTls | undefined;
  /**
   * Limits the requests of each client.
   *
   * @default none: no limit
   */
  rateLimit?: NginxRateLimit | undefined;
  /**
   * Time-outs of all routes.
   *
   * @default the defaults of {@link NginxTimeouts}
   */
  timeouts?: NginxTimeouts | undefined;
  /**
   * Resolves the names in {@link NginxServer.address} at run time, for servers whose address changes, such as
   * containers. Requires `nginxVersion: '1.27.3'` or later.
   *
   * @default none: names are resolved when nginx starts or reloads
   */
  resolver?: NginxResolver | undefined;
  /**
   * Your own directives, which the configuration must not contain already.
   *
   * @default none
   */
  include?: NginxInclude | undefined;
  /**
   * Folder that serves `/.well-known/acme-challenge/` on the plain port, for
   * `certbot certonly --webroot`.
   *
   * @default none
   */
  acmeRoot?: string | undefined;
  /**
   * How long old workers keep open connections after a reload, above all WebSockets; only for a whole
   * configuration.
   *
   * @default '30s'
   */
  shutdownTimeout?: Duration | undefined;
  /**
   * Maximum size of a request body, `'512k'`, `'10m'`; `'0'` for no limit.
   *
   * @default '1m'
   */
  maxBodySize?: string | undefined;
  /**
   * Compresses responses.
   *
   * @default true
   */
  gzip?: boolean | undefined;
  /**
   * Headers for responses, unless the server sets them. Added to `X-Frame-Options`,
   * `X-Content-Type-Options` and `Referrer-Policy`; an empty string removes one.
   *
   * @default none besides those three
   */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Only the balancers in front of this one, as addresses or CIDR: nginx accepts the client's address
   * (`X-Forwarded-For`), scheme and port (`X-Forwarded-Proto`, `X-Forwarded-Port`) from them.
   *
   * @default none
   */
  trustedProxies?: readonly string[] | undefined;
  /**
   * Path of the access log, in JSON lines; `false` for none.
   *
   * @default '/var/log/nginx/access.log'
   */
  accessLog?: string | false | undefined;
  /**
   * Path of the error log.
   *
   * @default '/var/log/nginx/error.log'
   */
  errorLog?: string | undefined;
  /**
   * Path of the pid file, only for a whole configuration.
   *
   * @default nginx's own
   */
  pidFile?: string | undefined;
  /**
   * Connections per worker, only for a whole configuration, from 64 to a million.
   *
   * @default 4096
   */
  workerConnections?: number | undefined;
}
