import * as v from 'valibot';

import { DEFAULTS, LOCAL_NETWORKS } from './defaults.js';
import { jsonOf, list, object, oneOf, orFalse, plainObject } from './shapes.js';
import {
  address,
  bodySize,
  duration,
  filePath,
  flag,
  hashKey,
  headerName,
  headerValue,
  includePath,
  integer,
  json,
  network,
  port,
  resolverAddress,
  serverName,
  upstreamName,
  urlPath,
  version,
} from './values.js';

/** Generous limits that keep the checks fast. */
const MAX = {
  upstreams: 100,
  servers: 200,
  routes: 500,
  networks: 500,
  names: 100,
  headers: 50,
  files: 50,
  resolvers: 10,
};

const networks = list(network, 1, MAX.networks);

/** Excludes all addresses: every client could then claim any address. */
const trusted = v.pipe(
  network,
  v.check((value) => !value.endsWith('/0'), 'an IP address or a network, but not all addresses'),
);

const timeouts = object({
  connect: v.optional(duration),
  send: v.optional(duration),
  read: v.optional(duration),
});

const server = v.pipe(
  v.union([v.string(), plainObject], 'an address, or an object'),
  v.transform((given) => (typeof given === 'string' ? { address: given } : given)),
  object({
    address,
    weight: v.optional(integer(1, 1000), DEFAULTS.server.weight),
    backup: v.optional(flag, false),
    down: v.optional(flag, false),
    maxFails: v.optional(integer(0, 1000), DEFAULTS.server.maxFails),
    failTimeout: v.optional(duration, DEFAULTS.server.failTimeout),
    maxConnections: v.optional(port),
  }),
);
const serverOrAddress = v.pipe(server, json({ anyOf: [jsonOf(address), jsonOf(server)] }));

const upstream = object({
  name: upstreamName,
  strategy: v.optional(
    oneOf(['round_robin', 'least_conn', 'ip_hash', 'hash', 'random']),
    DEFAULTS.upstream.strategy,
  ),
  hashKey: v.optional(hashKey),
  servers: list(serverOrAddress, 1, MAX.servers),
  keepalive: v.optional(integer(0, 10_000), DEFAULTS.upstream.keepalive),
  keepaliveTimeout: v.optional(duration, DEFAULTS.upstream.keepaliveTimeout),
});

const files = list(includePath, 1, MAX.files);

const route = object({
  path: urlPath,
  exact: v.optional(flag, false),
  upstream: upstreamName,
  webSocket: v.optional(flag, false),
  buffering: v.optional(flag, true),
  timeouts: v.optional(timeouts, {}),
  maxBodySize: v.optional(bodySize),
  networks: v.optional(networks),
  include: v.optional(files),
});

const tls = object({
  certificate: filePath,
  certificateKey: filePath,
  port: v.optional(port, DEFAULTS.tls.port),
  redirect: v.optional(flag, true),
  hsts: v.optional(orFalse(duration, 'a duration, or false'), DEFAULTS.tls.hsts),
  http2: v.optional(flag, true),
});

const performanceApi = object({
  basePath: v.optional(urlPath, DEFAULTS.performanceApi.basePath),
  prometheusPath: v.optional(urlPath, DEFAULTS.performanceApi.prometheusPath),
  upstream: v.optional(upstreamName),
  networks: v.optional(networks, LOCAL_NETWORKS),
});

const headers = v.pipe(
  plainObject,
  v.record(headerName, headerValue),
  v.check((given) => Object.keys(given).length <= MAX.headers, `at most ${String(MAX.headers)}`),
  json({
    type: 'object',
    propertyNames: jsonOf(headerName),
    additionalProperties: jsonOf(headerValue),
    maxProperties: MAX.headers,
  }),
);

/** @internal */
export const options = object({
  $schema: v.optional(v.pipe(v.string('a string'), json({ type: 'string' }))),
  context: v.optional(oneOf(['main', 'http']), DEFAULTS.options.context),
  nginxVersion: v.optional(version, DEFAULTS.options.nginxVersion),
  serverNames: v.optional(list(serverName, 1, MAX.names), ['_']),
  port: v.optional(port, DEFAULTS.options.port),
  ipv6: v.optional(flag, false),
  upstreams: v.optional(list(upstream, 1, MAX.upstreams)),
  routes: v.optional(list(route, 0, MAX.routes)),
  performanceApi: v.optional(orFalse(performanceApi, 'an object, or false'), {}),
  tls: v.optional(tls),
  rateLimit: v.optional(
    object({
      requestsPerSecond: integer(1, 100_000),
      burst: v.optional(integer(0, 100_000)),
    }),
  ),
  timeouts: v.optional(
    object({
      connect: v.optional(duration, DEFAULTS.timeouts.connect),
      send: v.optional(duration, DEFAULTS.timeouts.send),
      read: v.optional(duration, DEFAULTS.timeouts.read),
    }),
    {},
  ),
  resolver: v.optional(
    object({
      addresses: list(resolverAddress, 1, MAX.resolvers),
      valid: v.optional(duration, DEFAULTS.resolver.valid),
    }),
  ),
  include: v.optional(object({ http: v.optional(files), server: v.optional(files) }), {}),
  acmeRoot: v.optional(filePath),
  shutdownTimeout: v.optional(duration, DEFAULTS.options.shutdownTimeout),
  maxBodySize: v.optional(bodySize, DEFAULTS.options.maxBodySize),
  gzip: v.optional(flag, true),
  headers: v.optional(headers, {}),
  trustedProxies: v.optional(list(trusted, 0, MAX.networks), []),
  accessLog: v.optional(
    orFalse(filePath, 'an absolute path, or false'),
    DEFAULTS.options.accessLog,
  ),
  errorLog: v.optional(filePath, DEFAULTS.options.errorLog),
  pidFile: v.optional(filePath),
  workerConnections: v.optional(integer(64, 1_000_000), DEFAULTS.options.workerConnections),
});

/** The lists themselves, for defaults. @internal */
export const upstreams = list(upstream, 1, MAX.upstreams);
/** @internal */
export const routes = list(route, 0, MAX.routes);

type Checked = v.InferOutput<typeof options>;

/** @internal */
export type Upstream = v.InferOutput<typeof upstream>;
/** @internal */
export type Server = Upstream['servers'][number];
/** @internal */
export type Route = v.InferOutput<typeof route>;
/** @internal */
export type Timeouts = v.InferOutput<typeof timeouts>;
/** @internal */
export type Tls = NonNullable<Checked['tls']>;
/** @internal */
export type PerformanceApi = Exclude<Checked['performanceApi'], false>;

/**
 * The options with all defaults; durations in milliseconds.
 *
 * @internal
 */
export interface Settings extends Checked {
  readonly upstreams: Upstream[];
  readonly routes: Route[];
}
