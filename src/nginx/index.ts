/**
 * `aurora-cache/nginx`: generates an nginx configuration that balances the load between instances.
 *
 * @module
 */
export { generateNginxConfig } from './generate.js';
export type {
  NginxInclude,
  NginxOptions,
  NginxPerformanceApi,
  NginxRateLimit,
  NginxResolver,
  NginxTls,
} from './options.js';
export type {
  NginxRoute,
  NginxServer,
  NginxStrategy,
  NginxTimeouts,
  NginxUpstream,
} from './upstream-options.js';
