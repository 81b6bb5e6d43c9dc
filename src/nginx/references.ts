import { locationsOf } from './locations.js';
import type { Settings, Upstream } from './schema.js';
import { supports } from './versions.js';

/**
 * Errors between options, each with the path of the option.
 *
 * @internal
 */
export function referenceErrors(settings: Settings): string[] {
  const { upstreams, routes, performanceApi: api, port, tls, resolver, nginxVersion } = settings;
  const names = upstreams.map(({ name }) => name);
  const known = (name: string, path: string): string[] =>
    names.includes(name)
      ? []
      : [`${path} must be one of the upstreams, ${names.join(', ')}; got '${name}'.`];
  return [
    ...upstreams.flatMap((one, i) => upstreamErrors(one, `upstreams[${String(i)}]`)),
    // nginx ignores case.
    ...repeated(
      names.map((name) => name.toLowerCase()),
      (i) => `upstreams[${String(i)}].name`,
    ),
    ...routes.flatMap(({ upstream }, i) => known(upstream, `routes[${String(i)}].upstream`)),
    ...(api === false || api.upstream === undefined
      ? []
      : known(api.upstream, 'performanceApi.upstream')),
    ...(tls?.port === port ? [`tls.port must differ from port; got ${String(port)}.`] : []),
    ...(resolver !== undefined && !supports(settings, 'resolve')
      ? [`resolver needs nginxVersion '1.27.3' or later; got '${nginxVersion.join('.')}'.`]
      : []),
    ...locationErrors(settings),
  ];
}

function upstreamErrors({ strategy, hashKey, servers }: Upstream, path: string): string[] {
  const errors: string[] = [];
  if (strategy === 'hash' && hashKey === undefined) {
    errors.push(`${path}.hashKey must be given with the strategy 'hash'.`);
  }
  if (strategy !== 'hash' && hashKey !== undefined) {
    errors.push(`${path}.hashKey is for the strategy 'hash'; got the strategy '${strategy}'.`);
  }
  const takesBackups = strategy === 'round_robin' || strategy === 'least_conn';
  const backup = servers.findIndex((server) => server.backup);
  if (!takesBackups && backup >= 0) {
    errors.push(
      `${path}.servers[${String(backup)}].backup needs the strategy 'round_robin' or 'least_conn'; ` +
        `got '${strategy}'.`,
    );
  }
  if (servers.every((server) => server.backup || server.down)) {
    errors.push(`${path}.servers must contain one that is neither backup nor down.`);
  }
  const addresses = servers.map(({ address }) => address);
  return [...errors, ...repeated(addresses, (i) => `${path}.servers[${String(i)}].address`)];
}

/** nginx accepts each path only once, including those of the API. */
function locationErrors(settings: Settings): string[] {
  const matches = locationsOf(settings).map(({ path, isExact }) => (isExact ? `= ${path}` : path));
  const own = matches.length - settings.routes.length;
  return repeated(matches, (i) =>
    i < own ? 'performanceApi.prometheusPath' : `routes[${String(i - own)}].path`,
  );
}

function repeated(values: readonly string[], pathOf: (index: number) => string): string[] {
  return values.flatMap((value, i) =>
    values.indexOf(value) < i ? [`${pathOf(i)}: duplicate value '${value}'.`] : [],
  );
}
