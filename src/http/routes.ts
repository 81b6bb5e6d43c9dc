import { ConfigurationError } from '../base/errors.js';
import { LIMITS } from '../base/defaults.js';
import { CORE, type CacheManager } from '../cache/manager.js';
import { json, jsonText, Refusal } from './answer.js';
import type { Figures } from './figures.js';
import { healthOf } from './health.js';
import {
  cacheView,
  methodsView,
  metricsView,
  slowRequestsView,
  statsView,
  type Scope,
} from './views.js';

/**
 * Figures, of when they are read or of all instances as they were added up last.
 *
 * @internal
 */
export interface Reading {
  readonly figures: Figures;
  readonly scope: Scope;
  /** Responses made from the same figures, by what made them. */
  readonly texts?: Map<unknown, string>;
}

/**
 * What the routes need to know of the API.
 *
 * @internal
 */
export interface RouteSource {
  readonly cache: CacheManager;
  readonly isClosing: boolean;
  figures(scope: Scope['scope']): Promise<Reading>;
  /** Whether the caller may see what `authorizeRead` protects. */
  mayRead(request: Request): Promise<boolean>;
  /** Reports a change to the logger. */
  onClear(pattern: string, count: number): void;
}

/** @internal */
export interface Route {
  readonly verb: 'GET' | 'POST';
  /** `open`: to anyone; `read`: to those who may read. */
  readonly access: 'open' | 'read' | 'change';
  answer(source: RouteSource, request: Request): Promise<Response>;
}

type View = (figures: Figures, scope: Scope) => unknown;

/**
 * The routes that serve JSON, by what follows the base path.
 *
 * @internal
 */
export const ROUTES = {
  stats: reading(statsView),
  'cache/stats': reading(cacheView),
  'slow-requests': reading(slowRequestsView),
  metrics: reading(metricsView),
  methods: reading(methodsView),
  'cache/clear': { verb: 'POST', access: 'change', answer: clear },
  health: { verb: 'GET', access: 'open', answer: health },
} as const satisfies Record<string, Route>;

function reading(view: View): Route {
  return {
    verb: 'GET',
    access: 'read',
    async answer(source, request) {
      const { figures, scope, texts } = await source.figures(scopeOf(request));
      const text = texts?.get(view) ?? JSON.stringify(view(figures, scope));
      texts?.set(view, text);
      return jsonText(text);
    },
  };
}

async function clear(source: RouteSource, request: Request): Promise<Response> {
  const { searchParams } = new URL(request.url);
  for (const name of searchParams.keys()) {
    // A misspelt name must not clear everything.
    if (name !== 'pattern') {
      throw badRequest(`There is no parameter '${name.slice(0, 50)}'. Known is pattern.`);
    }
  }
  if (hasBody(request)) {
    throw badRequest('A body is not read: the pattern belongs into the query, ?pattern=user:*');
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

async function health(source: RouteSource, request: Request): Promise<Response> {
  const report = healthOf(source.cache[CORE].engine, source.isClosing);
  const { status } = report;
  const body = (await source.mayRead(request)) ? report : { status };
  return json(body, status === 'closing' ? 503 : 200);
}

function scopeOf(request: Request): Scope['scope'] {
  const scope = single(new URL(request.url).searchParams, 'scope') ?? 'instance';
  if (scope === 'instance' || scope === 'fleet') return scope;
  throw badRequest("scope must be 'instance' or 'fleet'.");
}

function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1) throw badRequest(`${name} may be given once.`);
  return values[0];
}

/** Whether something was sent along, as far as the headers tell. */
function hasBody({ headers }: Request): boolean {
  const length = headers.get('content-length');
  if (length !== null) return length !== '0';
  return headers.has('transfer-encoding') || headers.has('content-type');
}

function badRequest(message: string): Refusal {
  return new Refusal(400, 'BAD_REQUEST', message);
}
