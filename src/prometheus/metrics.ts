import { Registry } from 'prom-client';

import { ConfigurationError } from '../base/errors.js';
import { resolvePrometheusOptions, type PrometheusOptions } from './options.js';
import { Scope, type MetricsSource } from './scope.js';
import { register, type MetricsRegistry } from './view.js';

/** Answers a scrape. It fits the option `prometheus` of `createPerformanceApi`. */
export interface PrometheusHandler {
  (request: Request, source?: MetricsSource): Promise<Response>;
  /**
   * Takes the metrics out of the registry that they were put into, so that they can be registered
   * again: for hot reloads, and between tests. May be called again; a later scrape is without them.
   *
   * @example
   * ```ts
   * const metrics = prometheusMetrics({ registry: register });
   * metrics.close();
   * ```
   */
  close(): void;
}

/**
 * The figures of caches, methods and requests as metrics for Prometheus, on `prom-client`. They are
 * read when somebody scrapes; until then, nothing is done.
 *
 * With a `registry` they are put into it at once, to be served with whatever else is in there; the
 * requests of an API then need the option `api`, unless the API is given the handler.
 *
 * @returns A handler for the option `prometheus` of `createPerformanceApi`, or for a route of your
 * own.
 * @throws ConfigurationError for an unknown option or a bad value, two caches of one name, or a
 * registry that has a metric of one of the names.
 * @example
 * ```ts
 * const api = createPerformanceApi({ prometheus: prometheusMetrics() });
 * ```
 * @example
 * ```ts
 * prometheusMetrics({ registry: register, caches: [users, products], api });
 * ```
 */
export function prometheusMetrics(options: PrometheusOptions = {}): PrometheusHandler {
  const resolved = resolvePrometheusOptions(options);
  const { registryFor, close } =
    resolved.registry === undefined ? ownRegistries(resolved) : given(resolved, resolved.registry);
  const handler = async (_request: Request, source?: MetricsSource): Promise<Response> => {
    const registry = registryFor(source ?? resolved.api);
    const headers = { 'Content-Type': registry.contentType };
    return new Response(await registry.metrics(), { headers });
  };
  return Object.assign(handler, { close });
}

type Resolved = ReturnType<typeof resolvePrometheusOptions>;
interface Registries {
  registryFor(this: void, source: MetricsSource | undefined): MetricsRegistry;
  close(this: void): void;
}

/** One for each API that has the handler. */
function ownRegistries(options: Resolved): Registries {
  let registries = new WeakMap<object, MetricsRegistry>();
  let isClosed = false;
  const none = {};
  return {
    registryFor(source) {
      const known = registries.get(source ?? none);
      if (known !== undefined) return known;
      const registry = new Registry();
      if (!isClosed) register(registry, new Scope(options.caches, source), options);
      registries.set(source ?? none, registry);
      return registry;
    },
    close() {
      isClosed = true;
      registries = new WeakMap();
    },
  };
}

/** The caller's, which has room for the requests of one API. */
function given(options: Resolved, registry: MetricsRegistry): Registries {
  const scope = new Scope(options.caches, options.api);
  const close = register(registry, scope, options);
  return {
    registryFor(source) {
      scope.source ??= source;
      if (scope.source !== source) {
        throw new ConfigurationError(
          'prometheusMetrics: the registry shows the requests of another API. Call it once for each ' +
            'API, with a registry or a prefix of its own.',
        );
      }
      return registry;
    },
    close,
  };
}
