import { locationsOf } from './locations.js';
import type { Settings, Upstream } from './schema.js';
import { has } from './versions.js';

/**
 * The mistakes in what options say of each other, each with the path of the option.
 *
 * @internal
 */
export function referenceMistakes(settings: Settings): string[] {
  const { upstreams, routes, performanceApi: api, port, tls, resolver, nginxVersion } = settings;
  const names = upstreams.map(({ name }) => name);
  const known = (name: string, path: string): string[] =>
    names.includes(name)
      ? []
      : [`${path} must be one of the upstreams, ${names.join(', ')}; got '${name}'.`];
  return [
    ...upstreams.flatMap((one, i) => upstreamMistakes(one, `upstreams[${String(i)}]`)),
    // To nginx, A and a are one.
    ...repeated(
      names.map((name) => name.toLowerCase()),
      (i) => `upstreams[${String(i)}].name`,
    ),
    ...routes.flatMap(({ upstream }, i) => known(upstream, `routes[${String(i)}].upstream`)),
    ...(api === false || api.upstream === undefined
      ? []
      : known(api.upstream, 'performanceApi.upstream')),
    ...(tls?.port === port
      ? [`tls.port must not be that of plain requests; got ${String(port)}.`]
      : []),
    ...(resolver !== undefined && !has(settings, 'resolve')
      ? [`resolver needs nginxVersion '1.27.3' or later; got '${nginxVersion.join('.')}'.`]
      : []),
    ...locationMistakes(settings),
  ];
}

function upstreamMistakes({ strategy, hashKey, servers }: Upstream, path: string): string[] {
  const mistakes: string[] = [];
  if (strategy === 'hash' && hashKey === undefined) {
    mistakes.push(`${path}.hashKey must be given with the strategy 'hash'.`);
  }
  if (strategy !== 'hash' && hashKey !== undefined) {
    mistakes.push(`${path}.hashKey is for the strategy 'hash'; got the strategy '${strategy}'.`);
  }
  const takesBackups = strategy === 'round_robin' || strategy === 'least_conn';
  const backup = servers.findIndex((server) => server.backup);
  if (!takesBackups && backup >= 0) {
    mistakes.push(
      `${path}.servers[${String(backup)}].backup needs the strategy 'round_robin' or 'least_conn'; ` +
        `got '${strategy}'.`,
    );
  }
  if (servers.every((server) => server.backup || server.down)) {
    mistakes.push(`${path}.servers must hold one that is neither backup nor down.`);
  }
  const addresses = servers.map(({ address }) => address);
  return [...mistakes, ...repeated(addresses, (i) => `${path}.servers[${String(i)}].address`)];
}

/** nginx takes each path once; those of the API are among them. */
function locationMistakes(settings: Settings): string[] {
  const matches = locationsOf(settings).map(({ path, isExact }) => (isExact ? `= ${path}` : path));
  const own = matches.length - settings.routes.length;
  return repeated(matches, (i) =>
    i < own ? 'performanceApi.prometheusPath' : `routes[${String(i - own)}].path`,
  );
}

function repeated(values: readonly string[], pathOf: (index: number) => string): string[] {
  return values.flatMap((value, i) =>
    values.indexOf(value) < i ? [`${pathOf(i)} must be there once; got '${value}' again.`] : [],
  );
}
