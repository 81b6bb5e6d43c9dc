import type { IncomingMessage } from 'node:http';

/*
 * Express stores the pattern of a route, but only the matched path of the routers above it, which contains the
 * values of parameters. The patterns of the mounts are therefore looked up in the layers of the application.
 * Only segments that are certainly literal become part of a name.
 */

/** The properties that Express sets on a request. */
export interface RoutedRequest extends IncomingMessage {
  readonly app?: Application;
  readonly baseUrl?: string;
  readonly route?: { readonly path?: string | RegExp | readonly (string | RegExp)[] };
}

/** An application or a router of Express 4 or 5. */
interface Application {
  readonly stack?: readonly Layer[];
  readonly _router?: Application;
  readonly router?: Application;
  readonly mountpath?: unknown;
  readonly parent?: Application;
}

interface Layer {
  readonly handle?: Application;
  readonly route?: object;
  /** Whether it is mounted at `/`. */
  readonly slash?: boolean;
  /** Express 5 only. */
  readonly matchers?: readonly Matcher[];
  /** Express 5 with router 2.3 or later only. */
  readonly rawPath?: unknown;
  /** Express 4 only. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean };
  readonly keys?: readonly { readonly name: string | number }[];
}

type Params = Readonly<Record<string, unknown>>;
type Matcher = (path: string) => false | { readonly path: string; readonly params: Params };

interface Match {
  /** The matched part of the path. */
  readonly text: string;
  readonly params: Params;
  /** The pattern as the program wrote it, if the layer has it. */
  readonly pattern: string | undefined;
  /** Whether the pattern is a regular expression, no part of which is certainly literal. */
  readonly isExpression: boolean;
}

type Chain = readonly Layer[];

const PARAM = ':param';
const AT_ROOT: Match = { text: '', params: {}, pattern: '', isExpression: false };
const MAX_DEPTH = 20;
/** Chains of layers by application and route. */
const knownChains = new WeakMap<object, WeakMap<object, readonly Chain[]>>();

/**
 * The pattern of a request's route, prefixed with those of its mounts.
 *
 * @param url - The URL as it was sent; routers change the request's own.
 * @param root - The application that the request entered.
 * @returns `undefined` if the request has no route.
 * @internal
 */
export function expressRoute(
  request: RoutedRequest,
  url: string,
  root: Application | undefined,
): string | undefined {
  const { route, baseUrl } = request;
  if (route?.path === undefined) return undefined;
  const text = typeof route.path === 'string' ? route.path : String(route.path);
  const path = url.split(/[?#]/, 1)[0] ?? '';
  const mount = mountOf(request, route, path, root);
  if (mount !== undefined) return joined(mount, text);
  return baseUrl ? joined(`/${PARAM}`, text) : belowUnknownMount(path, text);
}

/**
 * The pattern of a route whose mount is unknown. If the path has more segments than the pattern, the
 * router is mounted somewhere, and `/:param` stands for the mount.
 *
 * @internal
 */
export function belowUnknownMount(path: string, pattern: string): string {
  // Wildcards, groups and optional parts match any number of segments.
  if (!/^(?:\/:?[\w.~-]+)*\/?$/.test(pattern)) return pattern;
  return segmentsOf(path).length > segmentsOf(pattern).length
    ? joined(`/${PARAM}`, pattern)
    : pattern;
}

function joined(mount: string, text: string): string {
  return mount === '' ? text : mount + (text === '/' ? '' : text);
}

function mountOf(
  { app }: RoutedRequest,
  route: object,
  path: string,
  root: Application | undefined,
): string | undefined {
  // With nested applications, the one that handled the request differs from the one it entered.
  for (const top of app?.parent === undefined ? [root] : [app, root]) {
    if (top === undefined) continue;
    const above = mountOfApplication(top, path);
    for (const chain of chainsOf(top, route)) {
      const below = mountOfChain(chain, path.slice(above.text.length));
      if (below !== undefined) return (above.pattern ?? '') + below;
    }
  }
  return undefined;
}

/** The mount of a nested application: a string, or an expression, no part of which is certainly literal. */
function mountOfApplication({ mountpath, parent }: Application, path: string): Match {
  if (parent === undefined) return AT_ROOT;
  const above = mountOfApplication(parent, path);
  const own = mountpath === '/' ? '' : typeof mountpath === 'string' ? mountpath : `/${PARAM}`;
  const pattern = (above.pattern ?? '') + own;
  const text = segmentsOf(path)
    .slice(0, segmentsOf(pattern).length)
    .map((part) => `/${part}`)
    .join('');
  return { text, params: {}, pattern, isExpression: false };
}

/** The layers on each path from an application to a route. */
function chainsOf(top: Application, route: object): readonly Chain[] {
  let known = knownChains.get(top);
  if (known === undefined) knownChains.set(top, (known = new WeakMap()));
  const before = known.get(route);
  if (before !== undefined) return before;
  const found: Chain[] = [];
  const visit = (stack: readonly Layer[], above: Chain): void => {
    for (const layer of stack) {
      if (layer.route === route) found.push(above);
      else if (layer.route === undefined && above.length < MAX_DEPTH) {
        visit(stackOf(layer.handle), [...above, layer]);
      }
    }
  };
  visit(stackOf(top), []);
  // Not stored if empty: the router may be mounted later.
  if (found.length > 0) known.set(route, found);
  return found;
}

function stackOf(router: Application | undefined): readonly Layer[] {
  try {
    // In Express 4, reading `app.router` throws.
    const stack = router?.stack ?? router?._router?.stack ?? router?.router?.stack;
    return Array.isArray(stack) ? (stack as readonly Layer[]) : [];
  } catch {
    return [];
  }
}

function mountOfChain(chain: Chain, path: string): string | undefined {
  let rest = path;
  let mount = '';
  for (const layer of chain) {
    const found = matchOf(layer, rest.startsWith('/') ? rest : `/${rest}`);
    if (found === undefined) return undefined;
    mount += found.pattern?.replace(/\/$/, '') ?? patternOf(layer, found);
    rest = rest.slice(found.text.length);
  }
  return mount;
}

function matchOf(layer: Layer, path: string): Match | undefined {
  const { matchers, rawPath, regexp, keys = [] } = layer;
  if (layer.slash === true || regexp?.fast_slash === true) return AT_ROOT;
  for (const [i, matcher] of matchers?.entries() ?? []) {
    const found = tryMatch(matcher, path);
    if (found === false) continue;
    const written: unknown = Array.isArray(rawPath) ? rawPath[i] : rawPath;
    return {
      ...{ text: found.path, params: found.params },
      pattern: typeof written === 'string' ? written : undefined,
      isExpression: written instanceof RegExp || matcher.name === 'regexpMatcher',
    };
  }
  const found = regexp?.exec(path);
  if (regexp == null || found == null) return undefined;
  const params = Object.fromEntries(keys.map(({ name }, i) => [name, decoded(found[i + 1] ?? '')]));
  // Express 4 compiles string patterns to expressions that all end this way.
  const isExpression = !regexp.source.endsWith('(?=\\/|$)');
  return { text: found[0], params, pattern: undefined, isExpression };
}

function tryMatch(matcher: Matcher, path: string): ReturnType<Matcher> {
  try {
    return matcher(path);
  } catch {
    return false;
  }
}

/**
 * Reconstructs the pattern of a layer that does not store it. A segment is literal if no other
 * segment matches in its place and it contains no parameter value.
 */
function patternOf(layer: Layer, { text, params, isExpression }: Match): string {
  if (isExpression) return text === '' ? '' : `/${PARAM}`;
  // In lower case if that matches too: otherwise, clients could create names by varying the case.
  const lower = text.toLowerCase();
  const segments = segmentsOf(matchOf(layer, lower)?.text === lower ? lower : text);
  const originals = segmentsOf(text).map(decoded);
  const values = Object.entries(params).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' ? [{ name, value }] : [],
  );
  const isVariable = segments.map((_, i) => isVariableAt(layer, segments, i));
  const parts = values.filter(
    ({ value }) => !originals.some((one, i) => isVariable[i] && one === value),
  );
  const names = segments.map((segment, i) => {
    const original = originals[i] ?? '';
    if (isVariable[i] === true) {
      const name = values.find(({ value }) => value === original)?.name ?? '';
      return /^[a-z_$]\w*$/i.test(name) ? `:${name}` : PARAM;
    }
    return parts.some(({ value }) => original.includes(value)) ? PARAM : segment;
  });
  // A wildcard matches any number of segments: collapse them into one.
  return names
    .filter((name, i) => name !== PARAM || names[i - 1] !== PARAM)
    .map((name) => `/${name}`)
    .join('');
}

/** Whether a layer still matches if the segment at index `at` is replaced. */
function isVariableAt(layer: Layer, segments: readonly string[], at: number): boolean {
  const segment = segments[at] ?? '';
  return ['zq', '0', `${segment}x`, `${segment}0`].some((other) => {
    const path = segments.map((one, i) => `/${i === at ? other : one}`).join('');
    return matchOf(layer, path)?.text.startsWith(path) === true;
  });
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
