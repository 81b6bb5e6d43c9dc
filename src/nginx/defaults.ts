import type { NginxRoute, NginxUpstream } from './upstream-options.js';

/** Defaults; a test compares the documentation with them. */
export const DEFAULTS = {
  server: { weight: 1, maxFails: 3, failTimeout: '10s' },
  upstream: { strategy: 'round_robin', keepalive: 32, keepaliveTimeout: '4s' },
  timeouts: { connect: '2s', send: '60s', read: '60s' },
  tls: { port: 443, hsts: '180d' },
  resolver: { valid: '10s' },
  performanceApi: { basePath: '/api/performance', prometheusPath: '/metrics' },
  options: {
    context: 'main',
    nginxVersion: '1.18',
    port: 80,
    maxBodySize: '1m',
    shutdownTimeout: '30s',
    accessLog: '/var/log/nginx/access.log',
    errorLog: '/var/log/nginx/error.log',
    workerConnections: 4096,
  },
} as const;

/** Private networks: RFC 1122, 1918, 3927, 4193 and 4291. */
export const LOCAL_NETWORKS: string[] = [
  '127.0.0.0/8',
  '::1',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
];

/** Default upstreams. Addresses, because `localhost` may be two servers, 127.0.0.1 and ::1. */
export const DEFAULT_UPSTREAMS: NginxUpstream[] = [
  {
    name: 'aurora_backend',
    strategy: 'least_conn',
    servers: ['127.0.0.1:5001', { address: '127.0.0.1:5002', backup: true }],
  },
  { name: 'aurora_frontend', servers: ['127.0.0.1:5173'] },
  { name: 'aurora_chat', strategy: 'ip_hash', servers: ['127.0.0.1:8080'] },
];

export const DEFAULT_ROUTES: NginxRoute[] = [
  { path: '/api/', upstream: 'aurora_backend' },
  { path: '/chat/', upstream: 'aurora_chat', webSocket: true },
  // Development servers reload pages by WebSocket.
  { path: '/', upstream: 'aurora_frontend', webSocket: true },
];
