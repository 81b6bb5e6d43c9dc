import { LIMITS, PROMETHEUS_DEFAULTS } from '../base/defaults.js';
import { ConfigurationError } from '../base/errors.js';
import { checkOptions, type Check } from '../base/options.js';
import { isManager } from '../cache/default-cache.js';
import { CORE, type CacheManager } from '../cache/manager.js';
import type { MetricsSource } from './scope.js';
import type { MetricsRegistry, Naming } from './view.js';

/** Options of {@link prometheusMetrics}. */
export interface PrometheusOptions {
  /** The caches, each with a `name` of its own; default: the API's, or the process's. */
  caches?: readonly CacheManager[] | undefined;
  /** A registry of yours that the metrics are put into, at once; default: one of their own. */
  registry?: MetricsRegistry | undefined;
  /** The API whose requests are shown; default: the one that is given the handler. */
  api?: MetricsSource | undefined;
  /** What the names of all metrics begin with, such as `shop_`; default nothing. */
  prefix?: string | undefined;
  /** Upper bounds of the buckets of all durations, in seconds, ascending; default 1 ms to 10 s. */
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
    : 'an array of CacheManagers, not empty';

const isRegistry: Check = (value) =>
  typeof (value as Partial<MetricsRegistry> | null)?.registerMetric === 'function'
    ? undefined
    : 'a Registry of prom-client';

const isApi: Check = (value) =>
  isManager((value as Partial<MetricsSource> | null)?.cache)
    ? undefined
    : 'what createPerformanceApi returns';

const isPrefix: Check = (value) =>
  typeof value === 'string' && /^(?:[a-zA-Z_]\w*)?$/.test(value)
    ? undefined
    : "the beginning of a metric's name: letters, digits and _, such as 'shop_'";

const isBuckets: Check = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= LIMITS.buckets &&
  value.every((bound, i) => Number.isFinite(bound) && bound > (i === 0 ? 0 : value[i - 1]))
    ? undefined
    : `an array of 1 to ${String(LIMITS.buckets)} numbers of seconds, ascending`;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws ConfigurationError for an unknown option, a bad value, or two caches of one name.
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

/** A cache and its namespaces have one set of figures; different caches must not share a label. */
function distinct(caches: readonly CacheManager[]): CacheManager[] {
  const byName = new Map<string, CacheManager>();
  for (const cache of caches) {
    const { engine } = cache[CORE];
    const { name } = engine.options;
    const other = byName.get(name);
    if (other !== undefined && other[CORE].engine !== engine) {
      throw new ConfigurationError(
        `${OWNER}: two caches are named '${name}'. Give each a name of its own: new CacheManager({ name }).`,
      );
    }
    byName.set(name, cache);
  }
  return [...byName.values()];
}
