import { PROMETHEUS_DEFAULTS, PROMETHEUS_LIMITS } from '../base/options/defaults.js';
import { ConfigurationError } from '../base/errors/errors.js';
import { checkOptions, type Check } from '../base/options/options.js';
import { isManager } from '../cache/default-cache.js';
import { CORE, type CacheManager } from '../cache/manager.js';
import type { MetricsRegistry, Naming } from './collector.js';
import type { MetricsSource } from './scope.js';

/** Options of {@link prometheusMetrics}. */
export interface PrometheusOptions {
  /**
   * The caches to show, each with a distinct `name`.
   *
   * @default the cache of the API; without an API, the default cache of the process
   */
  caches?: readonly CacheManager[] | undefined;
  /**
   * An existing registry, in which the metrics are registered immediately.
   *
   * @default a new registry
   */
  registry?: MetricsRegistry | undefined;
  /**
   * The API whose requests are shown.
   *
   * @default the API that serves the handler
   */
  api?: MetricsSource | undefined;
  /**
   * Prefix of all metric names, such as `shop_`.
   *
   * @default ''
   */
  prefix?: string | undefined;
  /**
   * Upper bounds of all histogram buckets, in seconds, ascending.
   *
   * @default [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
   */
  buckets?: readonly number[] | undefined;
}

/** @internal */
export interface ResolvedPrometheusOptions extends Naming {
  readonly caches: readonly CacheManager[] | undefined;
  readonly registry: MetricsRegistry | undefined;
  readonly api: MetricsSource | undefined;
}

const OWNER = 'prometheusMetrics';

const isCaches: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isManager)
    ? undefined
    : 'a non-empty array of CacheManagers';

const isRegistry: Check = (value) =>
  ['registerMetric', 'getSingleMetric'].every(
    (name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function',
  )
    ? undefined
    : 'a Registry of prom-client';

const isApi: Check = (value) =>
  isManager((value as Partial<MetricsSource> | null)?.cache)
    ? undefined
    : 'the result of createPerformanceApi()';

const isPrefix: Check = (value) =>
  typeof value === 'string' && /^(?:[a-zA-Z_]\w*)?$/.test(value)
    ? undefined
    : "the beginning of a metric's name: letters, digits and _, such as 'shop_'";

const isBuckets: Check = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= PROMETHEUS_LIMITS.buckets &&
  value.every((bound, i) => Number.isFinite(bound) && bound > (i === 0 ? 0 : value[i - 1]))
    ? undefined
    : `an array of 1 to ${String(PROMETHEUS_LIMITS.buckets)} numbers of seconds, ascending`;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws ConfigurationError for an unknown option, a bad value, or two caches with the same name.
 * @internal
 */
export function resolvePrometheusOptions(options: PrometheusOptions): ResolvedPrometheusOptions {
  checkOptions(OWNER, options, {
    caches: isCaches,
    registry: isRegistry,
    api: isApi,
    prefix: isPrefix,
    buckets: isBuckets,
  });
  return {
    caches: options.caches && distinct(options.caches),
    registry: options.registry,
    api: options.api,
    prefix: options.prefix ?? PROMETHEUS_DEFAULTS.prefix,
    buckets: [...(options.buckets ?? PROMETHEUS_DEFAULTS.buckets)],
  };
}

/** A cache and its namespaces share their counters; different caches must not share a label. */
function distinct(caches: readonly CacheManager[]): CacheManager[] {
  const byName = new Map<string, CacheManager>();
  for (const cache of caches) {
    const { core } = cache[CORE];
    const { name } = core.options;
    const other = byName.get(name);
    if (other !== undefined && other[CORE].core !== core) {
      throw new ConfigurationError(
        `${OWNER}: two caches are named '${name}'. Give each a distinct name: new CacheManager({ name }).`,
      );
    }
    byName.set(name, cache);
  }
  return [...byName.values()];
}
