import type { IncomingMessage } from 'node:http';

/*
 * Express names a route by its own path, and the mount of its router only by the path of
 * the request, values of parameters included. The pattern of the mount is therefore looked up in the
 * layers of the application. Only what is known to be literal becomes part of a name.
 */

/** What Express leaves on a request. */
export interface RoutedRequest extends IncomingMessage {
  readonly app?: Application;
  readonly baseUrl?: string;
  readonly route?: { readonly path?: string | RegExp | readonly (string | RegExp)[] };
}

/** An application or a router, of Express 4 or 5. */
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
  /** Of Express 5. */
  readonly matchers?: readonly Matcher[];
  /** Of Express 5 with router 2.3 or later. */
  readonly rawPath?: unknown;
  /** Of Express 4. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean };
  readonly keys?: readonly { readonly name: string | number }[];
}

type Params = Readonly<Record<string, unknown>>;
type Matcher = (path: string) => false | { readonly path: string; readonly params: Params };

interface Match {
  /** The part of the path. */
  readonly text: string;
  readonly params: Params;
  /** As it was written, where the layer says so. */
  readonly pattern: string | undefined;
  /** Whether it was written as an expression, of which no part is known to be literal. */
  readonly isExpression: boolean;
}

type Chain = readonly Layer[];

const PARAM = ':param';
const AT_ROOT: Match = { text: '', params: {}, pattern: '', isExpression: false };
const MAX_DEPTH = 20;
/** By application and route. */
const knownChains = new WeakMap<object, WeakMap<object, readonly Chain[]>>();

/**
 * The pattern of a request's route with those of its mounts; `undefined` without a route.
 *
 * @param url - The URL as it was sent; routers change the request's own.
 * @param root - The application that the request entered.
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
 * The pattern of a route whose router may be mounted at a place that is not known: a path with more
 * segments than the pattern has one.
 *
 * @internal
 */
export function belowUnknownMount(path: string, pattern: string): string {
  // Wildcards, groups and optional parts stand for any number of segments.
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
  // The one that answered is another, where applications are mounted in each other.
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

/** Applications within others say where: as text, or as what no part of is known to be literal. */
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

/** The layers on each way from an application to a route; found once. */
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
  // A router may be mounted later.
  if (found.length > 0) known.set(route, found);
  return found;
}

function stackOf(router: Application | undefined): readonly Layer[] {
  try {
    // The property `router` of an application of Express 4 throws.
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
    const found = matchOrNothing(matcher, path);
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
  // Express 4 makes expressions of texts, which all end so.
  const isExpression = !regexp.source.endsWith('(?=\\/|$)');
  return { text: found[0], params, pattern: undefined, isExpression };
}

function matchOrNothing(matcher: Matcher, path: string): ReturnType<Matcher> {
  try {
    return matcher(path);
  } catch {
    return false;
  }
}

/**
 * The pattern of a layer that does not say it. A segment is literal if no other one matches in its
 * place, and no value of a parameter is part of it.
 */
function patternOf(layer: Layer, { text, params, isExpression }: Match): string {
  if (isExpression) return text === '' ? '' : `/${PARAM}`;
  // By capital letters alone, a client could make up names.
  const lower = text.toLowerCase();
  const segments = segmentsOf(matchOf(layer, lower)?.text === lower ? lower : text);
  const originals = segmentsOf(text).map(decoded);
  const values = Object.entries(params).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' ? [{ name, value }] : [],
  );
  const isVariable = segments.map((_, i) => hasOthers(layer, segments, i));
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
  // Wildcards stand for any number of segments: one name for all.
  return names
    .filter((name, i) => name !== PARAM || names[i - 1] !== PARAM)
    .map((name) => `/${name}`)
    .join('');
}

/** Whether a layer matches with another segment in the place of one. */
function hasOthers(layer: Layer, segments: readonly string[], at: number): boolean {
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
