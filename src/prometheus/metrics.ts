import { Registry } from 'prom-client';

import { ConfigurationError } from '../base/errors/errors.js';
import { register, type MetricsRegistry } from './collector.js';
import { resolvePrometheusOptions, type PrometheusOptions } from './options.js';
import { MetricsScope, type MetricsSource } from './scope.js';

/** Handles a scrape. Pass it as the option `prometheus` of `createPerformanceApi`. */
export interface PrometheusHandler {
  (request: Request, source?: MetricsSource): Promise<Response>;
  /**
   * Removes the metrics from the registry, so that they can be registered again: for hot reloads and
   * between tests. Later scrapes do not include them. Calling it again has no effect.
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
 * Exposes statistics of caches, methods and requests as Prometheus metrics, using `prom-client`. They
 * are read during a scrape; in between, nothing runs.
 *
 * With a `registry`, they are registered in it immediately, next to the metrics that it already has.
 * To show the requests of an API, set the option `api` or pass the handler to that API.
 *
 * @returns A handler for the option `prometheus` of `createPerformanceApi`, or for a route of your
 * own.
 * @throws ConfigurationError for an unknown option, a bad value, two caches with the same name, or a
 * registry that already has a metric of the same name.
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
    resolved.registry === undefined
      ? ownRegistries(resolved)
      : sharedRegistry(resolved, resolved.registry);
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

/** One registry per API that serves the handler. */
function ownRegistries(options: Resolved): Registries {
  let registries = new WeakMap<object, MetricsRegistry>();
  let isClosed = false;
  const none = {};
  return {
    registryFor(source) {
      const known = registries.get(source ?? none);
      if (known !== undefined) return known;
      const registry = new Registry();
      if (!isClosed) register(registry, new MetricsScope(options.caches, source), options);
      registries.set(source ?? none, registry);
      return registry;
    },
    close() {
      isClosed = true;
      registries = new WeakMap();
    },
  };
}

/** The caller's registry, which can hold the requests of only one API. */
function sharedRegistry(options: Resolved, registry: MetricsRegistry): Registries {
  const scope = new MetricsScope(options.caches, options.api);
  const close = register(registry, scope, options);
  return {
    registryFor(source) {
      scope.source ??= source;
      if (scope.source !== source) {
        throw new ConfigurationError(
          'prometheusMetrics: the registry shows the requests of another API. Call it once per API, ' +
            'each time with another registry or prefix.',
        );
      }
      return registry;
    },
    close,
  };
}
