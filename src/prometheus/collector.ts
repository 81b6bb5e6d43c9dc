import type { Metric, OpenMetricsContentType, Registry } from 'prom-client';

import { ConfigurationError } from '../base/errors/errors.js';
import { CACHE_FAMILIES } from './cache-families.js';
import { histogramOf, type Family, type Sample } from './family.js';
import { METHOD_FAMILIES } from './method-families.js';
import { REQUEST_FAMILIES } from './request-families.js';
import type { MetricsScope } from './scope.js';

/** A prom-client registry of either format. */
export type MetricsRegistry = Registry | Registry<OpenMetricsContentType>;

/** @internal */
export interface Naming {
  readonly prefix: string;
  /** In seconds, ascending. */
  readonly buckets: readonly number[];
}

const FAMILIES = [...CACHE_FAMILIES, ...METHOD_FAMILIES, ...REQUEST_FAMILIES];

/**
 * A metric with the interface that a prom-client registry uses during a scrape. prom-client's own
 * metrics count; this one reads existing counters, so that nothing runs between scrapes.
 */
class Collector {
  /** Not read-only: OpenMetrics registries remove `_total`. */
  name: string;
  readonly help: string;
  readonly type: Family['type'];
  /** How prom-client merges the processes of a Node cluster. */
  readonly aggregator = 'sum';
  private readonly fullName: string;

  constructor(
    private readonly family: Family,
    private readonly scope: MetricsScope,
    private readonly naming: Naming,
  ) {
    this.fullName = this.name = naming.prefix + family.name;
    this.help = family.help;
    this.type = family.type;
  }

  /** Reads all values synchronously except the size of the shared tier, so that they are consistent. */
  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: [...(await this.samples())] };
  }

  /** Called by `registry.resetMetrics()`. The counters belong to the cache and are not reset. */
  reset(): void {
    // Nothing.
  }

  private samples(): Iterable<Sample> | Promise<Iterable<Sample>> {
    const { family, scope, fullName, naming } = this;
    if (family.type !== 'histogram') return family.samples(scope);
    return Array.from(family.durations(scope), ([labels, distribution]) => [
      ...histogramOf(fullName, labels, distribution, naming.buckets),
    ]).flat();
  }
}

/**
 * Registers all metrics, or none if a name is taken.
 *
 * @returns A function that removes them; metrics registered later under the same names stay.
 * @throws ConfigurationError if the registry has a metric of the same name.
 * @internal
 */
export function register(
  registry: MetricsRegistry,
  scope: MetricsScope,
  naming: Naming,
): () => void {
  const collectors = FAMILIES.map((family) => new Collector(family, scope, naming));
  const taken = collectors.find(({ name }) => registry.getSingleMetric(name) !== undefined);
  if (taken !== undefined) {
    throw new ConfigurationError(
      `prometheusMetrics: the registry already has a metric ${taken.name}. Pass all caches in one ` +
        'call (caches: [a, b]), or set a prefix for the second call.',
    );
  }
  // Keep the names, which an OpenMetrics registry changes later.
  const registered = collectors.map((collector) => ({ name: collector.name, collector }));
  for (const one of collectors) registry.registerMetric(one as unknown as Metric);
  return () => {
    for (const { name, collector } of registered) {
      const metric: unknown = registry.getSingleMetric(name);
      if (metric === collector) registry.removeSingleMetric(name);
    }
  };
}
