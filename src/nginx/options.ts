import type { Duration } from '../base/duration.js';

/**
 * How an upstream chooses a server.
 *
 * - `round_robin`: one after the other, by weight.
 * - `least_conn`: the one with the fewest connections; best where requests take unequally long.
 * - `ip_hash`: by the client's address (of IPv4, its first three numbers), so that clients stay.
 * - `hash`: by {@link NginxUpstream.hashKey}, consistently: a server that comes or goes moves only its
 *   own share.
 * - `random`: two at random, and of them the one with fewer connections; for several balancers in
 *   front of the same servers.
 */
export type NginxStrategy = 'round_robin' | 'least_conn' | 'ip_hash' | 'hash' | 'random';

/** One server of an upstream. */
export interface NginxServer {
  /** `host:port`, `[IPv6]:port` or `unix:/path`. */
  address: string;
  /** Its share, relative to the others, from 1 to 1000; default 1. */
  weight?: number | undefined;
  /** Only asked when the others are down; not with `ip_hash`, `hash` and `random`. Default `false`. */
  backup?: boolean | undefined;
  /** Out of service for now; with `ip_hash` and `hash`, its clients are shared out. Default `false`. */
  down?: boolean | undefined;
  /** Failures within `failTimeout` after which it is left alone; 0 for never. Default 3. */
  maxFails?: number | undefined;
  /** For how long it then is left alone, rounded up to seconds; default 10 seconds. */
  failTimeout?: Duration | undefined;
  /** Connections at most, from 1 to 65535; default: as many as come. */
  maxConnections?: number | undefined;
}

/** Servers that do the same. */
export interface NginxUpstream {
  /** Letters, digits and underscores, at most 64. */
  name: string;
  /** Default `'round_robin'`. */
  strategy?: NginxStrategy | undefined;
  /**
   * The key of `hash`: `$request_uri`, `$uri`, `$remote_addr`, `$host`, or one header, cookie or
   * parameter as `$http_<name>`, `$cookie_<name>` or `$arg_<name>`.
   */
  hashKey?: string | undefined;
  /** Addresses, or servers with more to say about them. At least one is neither backup nor down. */
  servers: readonly (string | NginxServer)[];
  /** Idle connections that each worker keeps open to the servers; 0 for none. Default 32. */
  keepalive?: number | undefined;
  /**
   * How long an idle one is kept. Less than the servers keep theirs, or requests meet connections
   * that are just being closed: Node's `keepAliveTimeout` is 5 seconds. Default 4 seconds.
   */
  keepaliveTimeout?: Duration | undefined;
}

/** How long nginx waits for a server. */
export interface NginxTimeouts {
  /** Until it is connected; default 2 seconds. */
  connect?: Duration | undefined;
  /** Between two parts of a request that are sent; default 60 seconds. */
  send?: Duration | undefined;
  /** Between two parts of an answer; default 60 seconds, an hour for WebSockets. */
  read?: Duration | undefined;
}

/** Which paths go to which upstream. */
export interface NginxRoute {
  /** Where the paths begin, `'/api/'`; with `exact`, the whole path. The longest one wins. */
  path: string;
  /** Default `false`. */
  exact?: boolean | undefined;
  /** Name of the upstream. */
  upstream: string;
  /** Lets connections become WebSockets; default `false`. */
  webSocket?: boolean | undefined;
  /** `false` passes answers on as they come, for server-sent events; default `true`. */
  buffering?: boolean | undefined;
  /** Replace {@link NginxOptions.timeouts}. */
  timeouts?: NginxTimeouts | undefined;
  /** Replaces {@link NginxOptions.maxBodySize}. */
  maxBodySize?: string | undefined;
  /**
   * Networks that may use it, as addresses or CIDR; default: all. The path is restricted in every
   * spelling that a service may take for the same: another case, another slash at the end.
   */
  networks?: readonly string[] | undefined;
  /** Files with directives of your own for its `location`, as absolute paths; `*` for several. */
  include?: readonly string[] | undefined;
}

/** Encryption. */
export interface NginxTls {
  /** Path of the certificate, with its chain, as PEM. */
  certificate: string;
  /** Path of its key. */
  certificateKey: string;
  /** Default 443. */
  port?: number | undefined;
  /** Sends plain requests to the encrypted port, with 308, under the name they had; default `true`. */
  redirect?: boolean | undefined;
  /** For how long browsers stay encrypted (`Strict-Transport-Security`); `false` for not. Default 180 days. */
  hsts?: Duration | false | undefined;
  /** Default `true`. */
  http2?: boolean | undefined;
}

/** How many requests a client may make; the others are answered with 429. */
export interface NginxRateLimit {
  /** From 1 to 100,000. */
  requestsPerSecond: number;
  /** How many may come at once beyond that; default: as many as per second. */
  burst?: number | undefined;
}

/** Where the API of `aurora-cache/http` is. */
export interface NginxPerformanceApi {
  /** Its `basePath`; default `'/api/performance'`. */
  basePath?: string | undefined;
  /** Its `prometheusPath`; default `'/metrics'`. */
  prometheusPath?: string | undefined;
  /** Name of the upstream; default: the first one. */
  upstream?: string | undefined;
  /**
   * Networks that may use it, as addresses or CIDR; `/health` is open to all. Default: this machine
   * and private networks.
   */
  networks?: readonly string[] | undefined;
}

/** Name servers, by which nginx looks names of servers up again while it runs. */
export interface NginxResolver {
  /** IP addresses, with a port or without; in Docker `'127.0.0.11'`. */
  addresses: readonly string[];
  /** How long an address is cached; overrides the TTL of the name server. Default 10 seconds. */
  valid?: Duration | undefined;
}

/** Files with directives of your own, as absolute paths; `*` for several. */
export interface NginxInclude {
  /** For the `http` block, before the upstreams. */
  http?: readonly string[] | undefined;
  /** For the `server` block, before the locations. */
  server?: readonly string[] | undefined;
}

/** Options of {@link generateNginxConfig}. */
export interface NginxOptions {
  /** For editors: the path of `nginx.schema.json`, which comes with the package. Not used. */
  $schema?: string | undefined;
  /**
   * `'main'`: a whole `nginx.conf`. `'http'`: what goes into the `http` block of another, for
   * `conf.d` or `sites-enabled`. Default `'main'`.
   */
  context?: 'main' | 'http' | undefined;
  /**
   * The oldest nginx that is to take the configuration, such as `'1.28'` or `'1.27.3'`: some
   * directives are newer than others, and some forms deprecated. From `'1.18'`, the default.
   */
  nginxVersion?: string | undefined;
  /**
   * Names of the server, `*.example.org` included; default: any. Requests for other names get no
   * response (444, or no TLS handshake), except for the health route on the plain port.
   */
  serverNames?: readonly string[] | undefined;
  /** Default 80. */
  port?: number | undefined;
  /** Listens on IPv6 as well; default `false`. */
  ipv6?: boolean | undefined;
  /** Default: `aurora_backend`, `aurora_frontend` and `aurora_chat` on this machine. */
  upstreams?: readonly NginxUpstream[] | undefined;
  /** Default with the default upstreams: `/api/`, `/` and `/chat/`; otherwise `/` to the first one. */
  routes?: readonly NginxRoute[] | undefined;
  /** `false` if there is none. */
  performanceApi?: NginxPerformanceApi | false | undefined;
  /** Default: none. */
  tls?: NginxTls | undefined;
  /** Default: none. */
  rateLimit?: NginxRateLimit | undefined;
  /** Of all routes. */
  timeouts?: NginxTimeouts | undefined;
  /**
   * Looks the names among {@link NginxServer.address} up again while nginx runs, for servers that
   * come back under another address, as containers do. Needs `nginxVersion: '1.27.3'` or later.
   * Default: names are looked up when nginx starts or reloads.
   */
  resolver?: NginxResolver | undefined;
  /** Directives of your own, which the configuration does not have already. Default: none. */
  include?: NginxInclude | undefined;
  /**
   * Folder from which `/.well-known/acme-challenge/` is answered on the plain port, for
   * `certbot certonly --webroot`. Default: none.
   */
  acmeRoot?: string | undefined;
  /**
   * How long an old worker lives after a reload, for the connections that are open, WebSockets
   * above all; of a whole configuration. Default 30 seconds.
   */
  shutdownTimeout?: Duration | undefined;
  /** Largest body of a request, `'512k'`, `'10m'`; `'0'` for any. Default `'1m'`. */
  maxBodySize?: string | undefined;
  /** Default `true`. */
  gzip?: boolean | undefined;
  /**
   * Headers that answers get unless the server gives them. Added to `X-Frame-Options`,
   * `X-Content-Type-Options` and `Referrer-Policy`; an empty text takes one away.
   */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Balancers in front of this one, and nothing else, as addresses or CIDR: nginx takes the client's
   * address (`X-Forwarded-For`), scheme and port (`X-Forwarded-Proto`, `X-Forwarded-Port`) from them.
   * Default: none.
   */
  trustedProxies?: readonly string[] | undefined;
  /** Path of the access log, in JSON lines; `false` for none. Default `'/var/log/nginx/access.log'`. */
  accessLog?: string | false | undefined;
  /** Path of the error log; default `'/var/log/nginx/error.log'`. */
  errorLog?: string | undefined;
  /** Path of the file with nginx's process number, of a whole configuration; default: nginx's own. */
  pidFile?: string | undefined;
  /** Connections of each worker, of a whole configuration, from 64 to a million; default 4096. */
  workerConnections?: number | undefined;
}
