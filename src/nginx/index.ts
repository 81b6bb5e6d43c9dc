/**
 * A configuration of nginx for several instances of a service.
 *
 * @packageDocumentation
 */
import { checkOptions, isName } from '../base/options.js';

/** Options of {@link generateNginxConfig}. */
export interface NginxOptions {
  /** The name that the server answers to; default `_`, any. */
  serverName?: string | undefined;
}

/**
 * The text of an `nginx.conf`.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 */
export function generateNginxConfig(options: NginxOptions = {}): string {
  checkOptions('generateNginxConfig', options, { serverName: isName });
  return `events {}
http {
  include mime.types;
  upstream aurora_backend {
    server 127.0.0.1:5001;
  }
  server {
    listen 127.0.0.1:8080;
    server_name ${options.serverName ?? '_'};
    location / {
      proxy_pass http://aurora_backend;
    }
  }
}
`;
}
