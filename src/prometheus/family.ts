import { Distribution } from '../stats/distribution.js';
import { addSnapshot, countUpTo } from '../stats/percentiles.js';
import type { MetricsScope } from './scope.js';

/**
 * The possible labels. Keys, arguments and instances never become labels.
 *
 * @internal
 */
export type Labels = Partial<
  Record<'cache' | 'tier' | 'method' | 'route' | 'status', string> & { le: number | '+Inf' }
>;

/** @internal */
export interface Sample {
  readonly value: number;
  readonly labels: Labels;
  /** Only for the parts of a histogram; otherwise the name of the family. */
  readonly metricName?: string;
}

/**
 * All samples of one metric name, read during a scrape.
 *
 * @internal
 */
export type Family = ScalarFamily | HistogramFamily;

interface FamilyBase {
  /** Without the prefix. */
  readonly name: string;
  /** Description for `# HELP`. */
  readonly help: string;
}

/** @internal */
export interface ScalarFamily extends FamilyBase {
  readonly type: 'counter' | 'gauge';
  samples(this: void, scope: MetricsScope): Iterable<Sample> | Promise<Iterable<Sample>>;
}

interface HistogramFamily extends FamilyBase {
  readonly type: 'histogram';
  durations(this: void, scope: MetricsScope): Durations;
}

/**
 * The distributions of a histogram.
 *
 * @internal
 */
export type Durations = Iterable<readonly [Labels, Distribution]>;

/**
 * A distribution as a Prometheus histogram: cumulative buckets, sum and count.
 *
 * @param bounds - Upper bounds in seconds, ascending.
 * @internal
 */
export function* histogramOf(
  name: string,
  labels: Labels,
  distribution: Distribution,
  bounds: readonly number[],
): Generator<Sample> {
  const snapshot = distribution.snapshot();
  const { count, sum } = snapshot;
  const metricName = `${name}_bucket`;
  for (const le of bounds) {
    yield { metricName, labels: { ...labels, le }, value: countUpTo(snapshot, le * 1000) };
  }
  yield { metricName, labels: { ...labels, le: '+Inf' }, value: count };
  yield { metricName: `${name}_sum`, labels, value: sum / 1000 };
  yield { metricName: `${name}_count`, labels, value: count };
}

/**
 * Merges distributions.
 *
 * @internal
 */
export function merged(distributions: readonly Distribution[]): Distribution {
  const [first, ...others] = distributions;
  if (first !== undefined && others.length === 0) return first;
  const all = new Distribution();
  for (const one of distributions) addSnapshot(all, one.snapshot());
  return all;
}
