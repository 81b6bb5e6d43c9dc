import { closest, distance } from 'fastest-levenshtein';
import * as v from 'valibot';

import { describe } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import { DEFAULTS, DEFAULT_ROUTES, DEFAULT_UPSTREAMS, LOCAL_NETWORKS } from './layout.js';
import type { NginxOptions } from './options.js';
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
  network,
  port,
  resolverAddress,
  serverName,
  upstreamName,
  urlPath,
  version,
} from './values.js';

const OWNER = 'generateNginxConfig';

/** So many that nobody writes them by hand, and so few that nothing hangs. */
const MOST = {
  upstreams: 100,
  servers: 200,
  routes: 500,
  networks: 500,
  names: 100,
  headers: 50,
  files: 50,
  resolvers: 10,
};

const plainObject = v.custom<object>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object',
);

/** An object whose other names are mistakes. */
function object<E extends v.ObjectEntries>(entries: E) {
  const known = Object.keys(entries);
  return v.pipe(
    plainObject,
    v.strictObject(entries, ({ expected, path = [] }) => {
      // Otherwise it is the name of what is missing.
      if (expected !== 'never') return MISSING;
      const name = String(path.at(-1)?.key);
      const nearest = closest(name, known);
      const isNear = distance(name, nearest) <= Math.max(2, name.length / 3);
      return `${UNKNOWN}${isNear ? `Did you mean '${nearest}'?` : `Known are ${known.join(', ')}.`}`;
    }),
  );
}

/** Messages that begin so, or are this, are no description of what is allowed. */
const UNKNOWN = 'unknown: ';
const MISSING = 'missing';

/** Unlike a union, it says what is wrong inside. */
const orFalse = <S extends v.GenericSchema>(schema: S, allowed: string) =>
  v.lazy((given): v.GenericSchema<unknown, v.InferOutput<S> | false> =>
    typeof given === 'boolean' ? v.literal(false, allowed) : (schema as never),
  );

const list = <S extends v.GenericSchema>(item: S, least: number, most: number) => {
  const allowed = `a list of ${String(least)} to ${String(most)}`;
  return v.pipe(v.array(item, allowed), v.minLength(least, allowed), v.maxLength(most, allowed));
};

const networks = list(network, 1, MOST.networks);

/** Whoever trusts everybody believes whatever a client says of itself. */
const trusted = v.pipe(
  network,
  v.check((value) => !value.endsWith('/0'), 'an IP address or a network, and not all there are'),
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

const upstream = object({
  name: upstreamName,
  strategy: v.optional(
    v.picklist(
      ['round_robin', 'least_conn', 'ip_hash', 'hash', 'random'],
      "'round_robin', 'least_conn', 'ip_hash', 'hash' or 'random'",
    ),
    DEFAULTS.upstream.strategy,
  ),
  hashKey: v.optional(hashKey),
  servers: list(server, 1, MOST.servers),
  keepalive: v.optional(integer(0, 10_000), DEFAULTS.upstream.keepalive),
  keepaliveTimeout: v.optional(duration, DEFAULTS.upstream.keepaliveTimeout),
});

const files = list(includePath, 1, MOST.files);

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
  v.check((given) => Object.keys(given).length <= MOST.headers, `at most ${String(MOST.headers)}`),
);

const options = object({
  context: v.optional(v.picklist(['main', 'http'], "'main' or 'http'"), DEFAULTS.options.context),
  nginxVersion: v.optional(version, DEFAULTS.options.nginxVersion),
  serverNames: v.optional(list(serverName, 1, MOST.names), ['_']),
  port: v.optional(port, DEFAULTS.options.port),
  ipv6: v.optional(flag, false),
  upstreams: v.optional(list(upstream, 1, MOST.upstreams)),
  routes: v.optional(list(route, 0, MOST.routes)),
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
      addresses: list(resolverAddress, 1, MOST.resolvers),
      valid: v.optional(duration, DEFAULTS.resolver.valid),
    }),
  ),
  include: v.optional(object({ http: v.optional(files), server: v.optional(files) }), {}),
  acmeRoot: v.optional(filePath),
  shutdownTimeout: v.optional(duration, DEFAULTS.options.shutdownTimeout),
  maxBodySize: v.optional(bodySize, DEFAULTS.options.maxBodySize),
  gzip: v.optional(flag, true),
  headers: v.optional(headers, {}),
  trustedProxies: v.optional(list(trusted, 0, MOST.networks), []),
  accessLog: v.optional(
    orFalse(filePath, 'an absolute path, or false'),
    DEFAULTS.options.accessLog,
  ),
  errorLog: v.optional(filePath, DEFAULTS.options.errorLog),
  pidFile: v.optional(filePath),
  workerConnections: v.optional(integer(64, 1_000_000), DEFAULTS.options.workerConnections),
});

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
 * The options with everything filled in; durations in milliseconds.
 *
 * @internal
 */
export interface Settings extends Checked {
  readonly upstreams: Upstream[];
  readonly routes: Route[];
}

/**
 * Checks the options one by one, and fills in what is not given.
 *
 * @throws ConfigurationError with the path of the option, its value, and what is allowed.
 * @internal
 */
export function readSettings(given: NginxOptions): Settings {
  const result = v.safeParse(options, given, { abortEarly: true });
  if (!result.success) throw refusal(result.issues[0]);
  const checked = result.output;
  const upstreams =
    checked.upstreams ?? v.parse(list(upstream, 1, MOST.upstreams), DEFAULT_UPSTREAMS);
  const first = [{ path: '/', upstream: upstreams[0]!.name }];
  const standard = checked.upstreams === undefined ? DEFAULT_ROUTES : first;
  const routes = checked.routes ?? v.parse(list(route, 1, MOST.routes), standard);
  return { ...checked, upstreams, routes };
}

function refusal(issue: v.BaseIssue<unknown>): ConfigurationError {
  const path = pathOf(issue);
  const { message } = issue;
  if (message.startsWith(UNKNOWN)) {
    return refused(`there is no option '${path}'. ${message.slice(UNKNOWN.length)}`);
  }
  if (message === MISSING) return refused(`${path} must be given.`);
  const got = issue.input === undefined ? 'nothing' : describe(issue.input);
  return refused(`${path || 'options'} must be ${message}; got ${got}.`);
}

/** `upstreams[0].servers[1].weight` */
function pathOf({ path = [] }: { path?: readonly v.IssuePathItem[] | undefined }): string {
  return path
    .map(({ key }) => {
      if (typeof key === 'number') return `[${String(key)}]`;
      const name = String(key);
      return /^\w+$/.test(name) ? `.${name}` : `[${describe(name)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

/** @internal */
export function refused(message: string): ConfigurationError {
  return new ConfigurationError(`${OWNER}: ${message}`);
}
