import { ConfigurationError } from '../../base/errors/errors.js';
import { LIMITS } from '../../base/options/defaults.js';
import { CORE, type CacheManager } from '../../cache/manager.js';
import {
  cacheJson,
  methodsJson,
  metricsJson,
  slowRequestsJson,
  statsJson,
  type Scope,
} from '../stats/json.js';
import type { StatsSnapshot } from '../stats/stats-snapshot.js';
import { healthOf } from './health.js';
import { HttpError, json, jsonText } from './responses.js';

/**
 * Statistics of this instance as of now, or the latest sum of all instances.
 *
 * @internal
 */
export interface ScopedSnapshot {
  readonly snapshot: StatsSnapshot;
  readonly scope: Scope;
  /** Bodies that were already serialized from this snapshot, by the function that built them. */
  readonly bodies?: Map<unknown, string>;
}

/**
 * The part of the API that routes use.
 *
 * @internal
 */
export interface RouteSource {
  readonly cache: CacheManager;
  readonly isClosing: boolean;
  snapshot(scope: Scope['scope']): Promise<ScopedSnapshot>;
  /** Whether the request passes `authorizeRead`. */
  mayRead(request: Request): Promise<boolean>;
  /** Logs a clear. */
  onClear(pattern: string, count: number): void;
}

/** @internal */
export interface Route {
  readonly verb: 'GET' | 'POST';
  /** `open`: no check; `read`: `authorizeRead`; `change`: `authorize`. */
  readonly access: 'open' | 'read' | 'change';
  handle(source: RouteSource, request: Request): Promise<Response>;
}

type ToJson = (snapshot: StatsSnapshot, scope: Scope) => unknown;

/**
 * The JSON routes, by their path below the base path.
 *
 * @internal
 */
export const ROUTES = {
  stats: read(statsJson),
  'cache/stats': read(cacheJson),
  'slow-requests': read(slowRequestsJson),
  metrics: read(metricsJson),
  methods: read(methodsJson),
  'cache/clear': { verb: 'POST', access: 'change', handle: clear },
  health: { verb: 'GET', access: 'open', handle: getHealth },
} as const satisfies Record<string, Route>;

function read(toJson: ToJson): Route {
  return {
    verb: 'GET',
    access: 'read',
    async handle(source, request) {
      const { snapshot, scope, bodies } = await source.snapshot(scopeOf(request));
      const body = bodies?.get(toJson) ?? JSON.stringify(toJson(snapshot, scope));
      bodies?.set(toJson, body);
      return jsonText(body);
    },
  };
}

async function clear(source: RouteSource, request: Request): Promise<Response> {
  const { searchParams } = new URL(request.url);
  for (const name of searchParams.keys()) {
    // A misspelt `pattern` must not clear everything.
    if (name !== 'pattern') {
      throw badRequest(`Unknown parameter '${name.slice(0, 50)}'. The only parameter is pattern.`);
    }
  }
  if (hasBody(request)) {
    throw badRequest('The body is not read: put the pattern into the query, ?pattern=user:*');
  }
  const pattern = single(searchParams, 'pattern') ?? '*';
  if (pattern === '' || pattern.length > LIMITS.patternChars) {
    throw badRequest(`pattern must have 1 to ${String(LIMITS.patternChars)} characters.`);
  }
  try {
    const cleared = await source.cache.clear(pattern);
    source.onClear(pattern, cleared);
    return json({ cleared, pattern });
  } catch (error) {
    if (error instanceof ConfigurationError) throw badRequest(error.message);
    throw error;
  }
}

async function getHealth(source: RouteSource, request: Request): Promise<Response> {
  const health = healthOf(source.cache[CORE].core, source.isClosing);
  const { status } = health;
  const body = (await source.mayRead(request)) ? health : { status };
  return json(body, status === 'closing' ? 503 : 200);
}

function scopeOf(request: Request): Scope['scope'] {
  const scope = single(new URL(request.url).searchParams, 'scope') ?? 'instance';
  if (scope === 'instance' || scope === 'fleet') return scope;
  throw badRequest("scope must be 'instance' or 'fleet'.");
}

function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1) throw badRequest(`${name} may be given only once.`);
  return values[0];
}

/** Whether the headers announce a body. */
function hasBody({ headers }: Request): boolean {
  const length = headers.get('content-length');
  if (length !== null) return length !== '0';
  return headers.has('transfer-encoding') || headers.has('content-type');
}

function badRequest(message: string): HttpError {
  return new HttpError(400, 'BAD_REQUEST', message);
}
