/**
 * Prometheus metrics of caches, methods and requests, using `prom-client`.
 *
 * @packageDocumentation
 */
export { PROMETHEUS_DEFAULTS } from '../base/options/defaults.js';
export { prometheusMetrics, type PrometheusHandler } from './metrics.js';
export type { PrometheusOptions } from './options.js';
export type { MetricsSource } from './scope.js';
export type { MetricsRegistry } from './collector.js';
