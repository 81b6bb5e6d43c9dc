/**
 * `aurora-cache/nginx`: a configuration of nginx that shares the load between instances.
 *
 * @module
 */
export { generateNginxConfig } from './generate.js';
export type {
  NginxOptions,
  NginxPerformanceApi,
  NginxRateLimit,
  NginxRoute,
  NginxServer,
  NginxStrategy,
  NginxTimeouts,
  NginxTls,
  NginxUpstream,
} from './options.js';
