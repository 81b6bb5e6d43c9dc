import type { Metric, OpenMetricsContentType, Registry } from 'prom-client';

import { ConfigurationError } from '../base/errors.js';
import { CACHE_FAMILIES } from './cache-families.js';
import { histogramOf, type Family, type Sample } from './family.js';
import { METHOD_FAMILIES } from './method-families.js';
import { REQUEST_FAMILIES } from './request-families.js';
import type { Scope } from './scope.js';

/** A registry of prom-client, of either format. */
export type MetricsRegistry = Registry | Registry<OpenMetricsContentType>;

/** @internal */
export interface Naming {
  readonly prefix: string;
  /** In seconds, ascending. */
  readonly buckets: readonly number[];
}

const FAMILIES = [...CACHE_FAMILIES, ...METHOD_FAMILIES, ...REQUEST_FAMILIES];

/**
 * A family as a registry wants it: the part of prom-client's metrics that a scrape touches. Theirs
 * count; ours have been counted, so that nothing happens before somebody asks.
 */
class View {
  /** Not read-only: registries of the OpenMetrics format take `_total` off. */
  name: string;
  readonly help: string;
  readonly type: Family['type'];
  /** How prom-client adds up the processes of a cluster. */
  readonly aggregator = 'sum';
  private readonly fullName: string;

  constructor(
    private readonly family: Family,
    private readonly scope: Scope,
    private readonly naming: Naming,
  ) {
    this.fullName = this.name = naming.prefix + family.name;
    this.help = family.help;
    this.type = family.type;
  }

  /** Everything but the shared tier's size is read at once, so that a scrape is of one moment. */
  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: [...(await this.samples())] };
  }

  /** For `registry.resetMetrics()`. The figures are not the registry's to reset. */
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
 * Puts all metrics into a registry, or none.
 *
 * @returns What takes them out again; metrics that another put there since under the same names stay.
 * @throws ConfigurationError if it has one of that name.
 * @internal
 */
export function register(registry: MetricsRegistry, scope: Scope, naming: Naming): () => void {
  const views = FAMILIES.map((family) => new View(family, scope, naming));
  const taken = views.find(({ name }) => registry.getSingleMetric(name) !== undefined);
  if (taken !== undefined) {
    throw new ConfigurationError(
      `prometheusMetrics: the registry has a metric ${taken.name} already. Name all caches in one ` +
        'call (caches: [a, b]), or give the second one a prefix.',
    );
  }
  // A registry of the OpenMetrics format changes names later.
  const registered = views.map((view) => ({ name: view.name, view }));
  for (const view of views) registry.registerMetric(view as unknown as Metric);
  return () => {
    for (const { name, view } of registered) {
      const metric: unknown = registry.getSingleMetric(name);
      if (metric === view) registry.removeSingleMetric(name);
    }
  };
}
