import { block, type Lines } from './text.js';

/** A path with its own `location`. */
export interface LocationPath {
  /** `/path`, or `/path/`. */
  readonly path: string;
  readonly isExact: boolean;
  /** Networks that may use it; `undefined` for all. */
  readonly networks: readonly string[] | undefined;
}

/** The distinct restrictions, numbered from 1; several paths may share one. */
export type Restrictions = ReadonlyMap<string, number>;

/** Numbers the distinct lists of networks. */
export function restrictionsOf(paths: readonly LocationPath[]): Restrictions {
  const found = new Map<string, number>();
  for (const { networks } of paths) {
    const key = keyOf(networks);
    if (key !== undefined && !found.has(key)) found.set(key, found.size + 1);
  }
  return found;
}

const keyOf = (networks: readonly string[] | undefined): string | undefined =>
  networks === undefined ? undefined : [...networks].sort().join(' ');

/**
 * Maps a path to the restriction that applies if the service ignores case, a trailing slash (as Express does) or
 * path parameters. nginx compares paths exactly, so `/Admin` would bypass a restriction of `/admin`.
 */
export function restrictionMap(paths: readonly LocationPath[]): Lines {
  const restrictions = restrictionsOf(paths);
  if (restrictions.size === 0) return [];
  const numbers = paths.map(({ networks }) => restrictions.get(keyOf(networks) ?? '') ?? 0);
  const ranked = paths
    .map((path, i) => ({ ...path, number: numbers[i] ?? 0 }))
    .filter(({ path, number }) => number > 0 || isInsideRestricted(path, paths))
    .sort((a, b) => rank(b) - rank(a) || b.number - a.number);
  return [
    '# The restriction of other spellings: services may ignore case, a trailing slash, and parameters (;a=1).',
    block(
      'map $uri $aurora_restriction',
      'default 0;',
      ...ranked.map((path) => `"${looseForm(path)}" ${String(path.number)};`),
    ),
  ];
}

/** nginx's order: exact paths first, then the longest prefix. */
const rank = ({ path, isExact }: LocationPath): number => (isExact ? 1000 : 0) + bare(path).length;

/** Without the trailing slash. */
const bare = (path: string): string => path.replace(/\/$/, '');

function isInsideRestricted(path: string, paths: readonly LocationPath[]): boolean {
  const inner = bare(path).toLowerCase();
  return paths.some(
    (one) => one.networks !== undefined && inner.startsWith(bare(one.path).toLowerCase()),
  );
}

/** Parameters of a segment, `/admin;a=1/`, which some services ignore (RFC 3986, section 3.3). */
const PARAMETERS = '(?:;[^/]*)?';

function looseForm({ path, isExact }: LocationPath): string {
  const escaped = bare(path)
    .replaceAll(/[.+]/g, '[$&]')
    .replaceAll(/(?<=.)\//g, `${PARAMETERS}/`);
  if (isExact) return `~*^${escaped}${PARAMETERS}/?$`;
  return `~*^${escaped}${path.endsWith('/') ? `${PARAMETERS}(?:/|$)` : ''}`;
}

/** Denies clients outside `networks`, and paths that belong to another restriction. */
export function restrictionLines(
  { networks, isExact }: LocationPath,
  restrictions: Restrictions,
): Lines {
  if (networks === undefined) {
    // An exact path has only one spelling.
    return isExact || restrictions.size === 0 ? [] : ['if ($aurora_restriction) { return 403; }'];
  }
  const own = String(restrictions.get(keyOf(networks) ?? ''));
  return [
    'if ($aurora_is_unknown) { return 403; }',
    restrictions.size > 1 && `if ($aurora_restriction !~ "^(?:0|${own})$") { return 403; }`,
    ...networks.map((network) => `allow ${network};`),
    'deny all;',
  ];
}
