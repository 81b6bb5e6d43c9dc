import { restrictionLines, restrictionsOf, type LocationPath } from './restrictions.js';
import type { PerformanceApi, Route, Settings, Timeouts } from './schema.js';
import { block, includeLines, timeOf, type Lines } from './text.js';

const LONG_MS = 3_600_000;

/** One `location`. */
export interface Location extends LocationPath {
  /** `= /path`, `^~ /path/`, `/path/`. */
  readonly match: string;
  /** Comments above it. */
  readonly comments?: readonly string[];
  /** Its directives, without the restriction. */
  readonly lines: Lines;
}

/** The location of each path. */
export function locationsOf(settings: Settings): Location[] {
  const { performanceApi: api } = settings;
  return [
    ...(api === false ? [] : apiLocations(settings, api)),
    ...acmeLocation(settings),
    ...settings.routes.map((route) => routeLocation(settings, route)),
  ];
}

/** The `location` blocks. */
export function locationBlocks(settings: Settings): Lines[] {
  const locations = locationsOf(settings);
  const restrictions = restrictionsOf(locations);
  return locations.map((location) => [
    ...(location.comments ?? []),
    block(
      `location ${location.match}`,
      ...restrictionLines(location, restrictions),
      ...location.lines,
    ),
  ]);
}

const ACME_PATH = '/.well-known/acme-challenge/';

function acmeLocation({ acmeRoot }: Settings): Location[] {
  if (acmeRoot === undefined) return [];
  const lines = [`root ${acmeRoot};`, 'default_type text/plain;'];
  const acme = { path: ACME_PATH, isExact: false, networks: undefined };
  return [{ match: `^~ ${ACME_PATH}`, ...acme, lines }];
}

/** ACME challenges on the plain port, where all other requests are redirected. */
export function acmeBlocks(settings: Settings): Lines[] {
  return acmeLocation(settings).map(({ match, lines }) => block(`location ${match}`, ...lines));
}

/** The health route for requests without a configured name, from balancers that check by address. */
export function healthBlock(settings: Settings): Lines {
  const { performanceApi: api } = settings;
  if (api === false) return [];
  const [health] = apiLocations(settings, api);
  return health === undefined ? [] : [block(`location ${health.match}`, ...health.lines)];
}

/** The health route is open to all clients, the other routes only to `networks`. */
function apiLocations(settings: Settings, api: PerformanceApi): Location[] {
  const { networks, prometheusPath } = api;
  const base = api.basePath.replace(/\/$/, '');
  const pass = proxyPass(api.upstream ?? settings.upstreams[0]!.name);
  const restricted = { networks, lines: [...limited(settings), pass] };
  return [
    {
      match: `= ${base}/health`,
      ...{ path: `${base}/health`, isExact: true, networks: undefined },
      comments: ['# For health checks by balancers and containers. Not limited, not logged.'],
      lines: ['access_log off;', pass],
    },
    {
      match: `= ${base}`,
      ...{ path: base, isExact: true, ...restricted },
      comments: [
        `# The page and the statistics describe the service, and ${base}/cache/clear`,
        '# changes it: restricted to these networks.',
      ],
    },
    { match: `^~ ${base}/`, path: `${base}/`, isExact: false, ...restricted },
    { match: `= ${prometheusPath}`, path: prometheusPath, isExact: true, ...restricted },
  ];
}

function routeLocation(settings: Settings, route: Route): Location {
  const { path, exact: isExact, networks } = route;
  const timeouts = route.webSocket
    ? { read: LONG_MS, send: LONG_MS, ...given(route) }
    : route.timeouts;
  const lines = [
    ...limited(settings),
    route.maxBodySize !== undefined && `client_max_body_size ${route.maxBodySize};`,
    ...timeoutLines(timeouts),
    !route.buffering && 'proxy_buffering off;',
    route.webSocket && 'set $aurora_takes_upgrade 1;',
    ...includeLines(route.include),
    proxyPass(route.upstream),
  ];
  return { match: `${isExact ? '= ' : ''}${path}`, path, isExact, networks, lines };
}

const given = ({ timeouts }: Route): Timeouts =>
  Object.fromEntries(Object.entries(timeouts).filter(([, value]) => value !== undefined));

// Without a path, nginx passes the request on unchanged.
const proxyPass = (upstream: string): string => `proxy_pass http://${upstream};`;

function limited({ rateLimit: limit }: Settings): string[] {
  if (limit === undefined) return [];
  const burst = limit.burst ?? limit.requestsPerSecond;
  return [`limit_req zone=aurora_clients${burst > 0 ? ` burst=${String(burst)} nodelay` : ''};`];
}

/** @internal */
export function timeoutLines({ connect, send, read }: Timeouts): string[] {
  const line = (name: string, ms: number | undefined): string[] =>
    ms === undefined ? [] : [`proxy_${name}_timeout ${timeOf(ms)};`];
  return [...line('connect', connect), ...line('send', send), ...line('read', read)];
}
