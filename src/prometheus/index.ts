/**
 * The figures of caches, methods and requests as metrics for Prometheus, on `prom-client`.
 *
 * @packageDocumentation
 */
export { PROMETHEUS_DEFAULTS } from '../base/defaults.js';
export { prometheusMetrics, type PrometheusHandler } from './metrics.js';
export type { PrometheusOptions } from './options.js';
export type { MetricsSource } from './scope.js';
export type { MetricsRegistry } from './view.js';
