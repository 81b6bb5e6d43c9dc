import { locationsOf } from './locations.js';
import { has } from './versions.js';
import { refused, type Settings, type Upstream } from './schema.js';

/**
 * Checks what each option says of another.
 *
 * @throws ConfigurationError with the path of the option.
 * @internal
 */
export function checkReferences(settings: Settings): void {
  const { upstreams, routes, performanceApi: api, port, tls } = settings;
  for (const [i, one] of upstreams.entries()) checkUpstream(one, `upstreams[${String(i)}]`);
  const names = upstreams.map(({ name }) => name);
  // To nginx, A and a are one.
  unique(
    names.map((name) => name.toLowerCase()),
    (i) => `upstreams[${String(i)}].name`,
  );

  const known = (name: string, path: string): void => {
    if (names.includes(name)) return;
    throw refused(`${path} must be one of the upstreams, ${names.join(', ')}; got '${name}'.`);
  };
  for (const [i, { upstream }] of routes.entries())
    known(upstream, `routes[${String(i)}].upstream`);
  if (api !== false && api.upstream !== undefined) known(api.upstream, 'performanceApi.upstream');
  if (tls !== undefined && tls.port === port) {
    throw refused(`tls.port must not be that of plain requests; got ${String(port)}.`);
  }
  if (settings.resolver !== undefined && !has(settings, 'resolve')) {
    throw refused(
      `resolver needs nginxVersion '1.27.3' or later; got '${settings.nginxVersion.join('.')}'.`,
    );
  }
  checkLocations(settings);
}

function checkUpstream({ strategy, hashKey, servers }: Upstream, path: string): void {
  if (strategy === 'hash' && hashKey === undefined) {
    throw refused(`${path}.hashKey must be given with the strategy 'hash'.`);
  }
  if (strategy !== 'hash' && hashKey !== undefined) {
    throw refused(`${path}.hashKey is for the strategy 'hash'; got the strategy '${strategy}'.`);
  }
  const takesBackups = strategy === 'round_robin' || strategy === 'least_conn';
  const backup = servers.findIndex((server) => server.backup);
  if (!takesBackups && backup >= 0) {
    throw refused(
      `${path}.servers[${String(backup)}].backup needs the strategy 'round_robin' or 'least_conn'; ` +
        `got '${strategy}'.`,
    );
  }
  if (servers.every((server) => server.backup || server.down)) {
    throw refused(`${path}.servers must hold one that is neither backup nor down.`);
  }
  unique(
    servers.map(({ address }) => address),
    (i) => `${path}.servers[${String(i)}].address`,
  );
}

/** nginx takes each path once; those of the API are among them. */
function checkLocations(settings: Settings): void {
  const matches = locationsOf(settings).map(({ path, isExact }) => (isExact ? `= ${path}` : path));
  const own = matches.length - settings.routes.length;
  unique(matches, (i) =>
    i < own ? 'performanceApi.prometheusPath' : `routes[${String(i - own)}].path`,
  );
}

function unique(values: readonly string[], pathOf: (index: number) => string): void {
  const seen = new Set<string>();
  for (const [i, value] of values.entries()) {
    if (seen.has(value)) throw refused(`${pathOf(i)} must be there once; got '${value}' again.`);
    seen.add(value);
  }
}
