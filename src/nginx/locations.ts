import { forwardingLines } from './client.js';
import type { PerformanceApi, Route, Settings, Timeouts } from './schema.js';
import { block, timeOf, type Lines } from './text.js';

const LONG_MS = 3_600_000;

/** One `location`. */
export interface Location {
  /** `= /path`, `^~ /path/`, `/path/`. */
  readonly match: string;
  readonly lines: Lines;
}

/** Where each path goes. */
export function locationsOf(settings: Settings): Location[] {
  const { performanceApi: api } = settings;
  return [
    ...(api === false ? [] : apiLocations(settings, api)),
    ...settings.routes.map((route) => routeLocation(settings, route)),
  ];
}

/** Those of the API: its state for all, everything else for the networks that may. */
function apiLocations(settings: Settings, api: PerformanceApi): Location[] {
  const base = api.basePath.replace(/\/$/, '');
  const pass = proxyPass(api.upstream ?? settings.upstreams[0]!.name);
  const isBehind = settings.trustedProxies.length > 0;
  const restricted: Lines = [
    !isBehind && 'if ($aurora_is_forwarded) { return 403; }',
    ...onlyFor(api.networks),
    ...limited(settings),
    pass,
  ];
  return [
    {
      match: `= ${base}/health`,
      lines: [
        '# For health checks: a balancer in front, a container. Not limited, and not logged.',
        block(`location = ${base}/health`, 'access_log off;', pass),
      ],
    },
    {
      match: `= ${base}`,
      lines: [
        `# The page and the figures tell about the service, and ${base}/cache/clear`,
        '# changes it: for these networks alone.',
        block(`location = ${base}`, ...restricted),
      ],
    },
    { match: `${base}/`, lines: [block(`location ^~ ${base}/`, ...restricted)] },
    {
      match: `= ${api.prometheusPath}`,
      lines: [block(`location = ${api.prometheusPath}`, ...restricted)],
    },
  ];
}

function routeLocation(settings: Settings, route: Route): Location {
  const match = `${route.exact ? '= ' : ''}${route.path}`;
  const timeouts = route.webSocket
    ? { read: LONG_MS, send: LONG_MS, ...given(route) }
    : route.timeouts;
  const lines = block(
    `location ${match}`,
    ...onlyFor(route.networks),
    ...limited(settings),
    route.maxBodySize !== undefined && `client_max_body_size ${route.maxBodySize};`,
    ...timeoutLines(timeouts),
    !route.buffering && 'proxy_buffering off;',
    // Setting one header anew gives up all that were set outside.
    route.webSocket && forwardingLines(settings, true),
    proxyPass(route.upstream),
  );
  return { match, lines: [lines] };
}

const given = ({ timeouts }: Route): Timeouts =>
  Object.fromEntries(Object.entries(timeouts).filter(([, value]) => value !== undefined));

// Without a path of its own: requests go on as they came.
const proxyPass = (upstream: string): string => `proxy_pass http://${upstream};`;

function onlyFor(networks: readonly string[] | undefined): string[] {
  if (networks === undefined) return [];
  return [...networks.map((network) => `allow ${network};`), 'deny all;'];
}

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
