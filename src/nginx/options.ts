import type { Duration } from '../base/time/duration.js';
import type { NginxRoute, NginxTimeouts, NginxUpstream } from './upstream-options.js';

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
   * Resolves the names in `NginxServer.address` at run time, for servers whose address changes, such as
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
