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
  NginxRoute,
  NginxServer,
  NginxStrategy,
  NginxTimeouts,
  NginxTls,
  NginxUpstream,
} from './options.js';
