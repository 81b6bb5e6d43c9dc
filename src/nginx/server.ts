import { clientLines, forwardingLines } from './client.js';
import { headerLines } from './headers.js';
import { acmeBlocks, healthBlock, locationBlocks, timeoutLines } from './locations.js';
import { logLines } from './logging.js';
import type { Settings, Tls } from './schema.js';
import { block, includeLines, paragraphs, type Lines } from './text.js';
import { supports } from './versions.js';

/** Types that compress well; many fonts and images are already compressed. */
const TYPES = [
  ...['application/atom+xml', 'application/geo+json', 'application/graphql-response+json'],
  ...['application/javascript', 'application/json', 'application/ld+json'],
  ...['application/manifest+json', 'application/problem+json', 'application/rss+xml'],
  ...['application/vnd.api+json', 'application/wasm', 'application/x-ndjson', 'application/xml'],
  ...['application/yaml', 'font/otf', 'font/ttf', 'image/bmp', 'image/svg+xml', 'image/x-icon'],
  ...['text/calendar', 'text/css', 'text/csv', 'text/javascript', 'text/markdown', 'text/plain'],
  ...['text/vcard', 'text/xml'],
];

/**
 * The servers: those for names that are not configured; then one that redirects plain requests to the
 * encrypted port; then the main one.
 */
export function serverBlocks(settings: Settings): Lines {
  const { tls } = settings;
  const [plain, encrypted] = [listens(settings, false), listens(settings, true)];
  const isRedirected = tls?.redirect === true;
  return paragraphs(
    ...(isNamed(settings) ? otherNames(settings) : []),
    isRedirected && redirectServer(settings, tls),
    block(
      'server',
      mainServer(settings, [
        ...(isRedirected ? [] : plain),
        ...(tls === undefined ? [] : encrypted),
      ]),
    ),
  );
}

/** Whether the server has its own names. */
export const isNamed = ({ serverNames }: Settings): boolean => !serverNames.includes('_');

function listens(settings: Settings, isTls: boolean, isDefault = false): string[] {
  const { port, ipv6, tls } = settings;
  const at = String(isTls ? tls?.port : port);
  const isHttp2Here = tls?.http2 === true && !supports(settings, 'http2Directive');
  const protocol = isTls ? ` ssl${isHttp2Here ? ' http2' : ''}` : '';
  const words = protocol + (isDefault ? ' default_server' : '');
  return [`listen ${at}${words};`, ...(ipv6 ? [`listen [::]:${at}${words};`] : [])];
}

/** Servers for other names. They come first on their ports, so that such requests do not reach the ones below. */
function otherNames(settings: Settings): (Lines | false)[] {
  const { context, tls } = settings;
  // Another file of the http block may already have a default server.
  const isDefault = context === 'main';
  const lines = ['server_tokens off;', ...logLines(settings)];
  const health = healthBlock(settings);
  return [
    [
      '# No response to requests for names outside serverNames, except for health checks by address.',
      block(
        'server',
        ...listens(settings, false, isDefault),
        ...lines,
        health.length > 0 && proxyLines(settings),
        ...health,
        block('location /', 'return 444;'),
      ),
    ],
    tls !== undefined &&
      block(
        'server',
        ...listens(settings, true, isDefault),
        ...lines,
        // Otherwise the certificate would reveal its names to any client.
        ...(supports(settings, 'rejectHandshake') ? ['ssl_reject_handshake on;'] : tlsLines(tls)),
        'return 444;',
      ),
  ];
}

function redirectServer(settings: Settings, { port }: Tls): Lines {
  const to = port === 443 ? '' : `:${String(port)}`;
  return block(
    'server',
    ...listens(settings, false),
    nameLine(settings),
    'server_tokens off;',
    ...logLines(settings),
    ...acmeBlocks(settings),
    '# 308 keeps the method and the body.',
    block('location /', `return 308 https://$host${to}$request_uri;`),
  );
}

const nameLine = ({ serverNames }: Settings): string => `server_name ${serverNames.join(' ')};`;

function mainServer(settings: Settings, listening: readonly string[]): Lines {
  const { tls, maxBodySize, gzip, rateLimit } = settings;
  return paragraphs(
    [
      ...listening,
      nameLine(settings),
      'server_tokens off;',
      '# Redirects by nginx keep the scheme, name and port that the client used.',
      'absolute_redirect off;',
      ...logLines(settings),
    ],
    tls !== undefined && [
      tls.http2 && supports(settings, 'http2Directive') && 'http2 on;',
      ...tlsLines(tls),
    ],
    clientLines(settings),
    [
      `client_max_body_size ${maxBodySize};`,
      "# Node's default limit: 16 kB of headers in all.",
      'large_client_header_buffers 4 16k;',
      rateLimit !== undefined && 'limit_req_status 429;',
    ],
    gzip && gzipLines(),
    [
      '# Headers that the services set are kept.',
      ...headerLines(settings),
      'add_header X-Request-ID $aurora_request_id always;',
      'proxy_hide_header X-Request-ID;',
    ],
    [
      ...proxyLines(settings),
      '# The response headers must fit into the first buffer, or the client gets a 502.',
      'proxy_buffer_size 16k;',
      'proxy_buffers 8 16k;',
      '# If a server fails, the request goes to another one, but never a POST that may have been executed:',
      '# non_idempotent is not among these.',
      'proxy_next_upstream error timeout http_502 http_503 http_504;',
      'proxy_next_upstream_tries 3;',
      'proxy_next_upstream_timeout 30s;',
    ],
    includeLines(settings.include.server),
    block('if ($aurora_is_ambiguous)', 'return 400;'),
    ...locationBlocks(settings),
  );
}

function proxyLines(settings: Settings): Lines {
  return [
    'proxy_http_version 1.1;',
    ...forwardingLines(settings),
    ...timeoutLines(settings.timeouts),
  ];
}

function tlsLines({ certificate, certificateKey }: Tls): Lines {
  return [
    `ssl_certificate ${certificate};`,
    `ssl_certificate_key ${certificateKey};`,
    'ssl_protocols TLSv1.2 TLSv1.3;',
    'ssl_prefer_server_ciphers off;',
    'ssl_session_cache shared:aurora_tls:10m;',
    'ssl_session_timeout 1d;',
    'ssl_session_tickets off;',
  ];
}

function gzipLines(): Lines {
  return [
    'gzip on;',
    'gzip_vary on;',
    'gzip_proxied any;',
    'gzip_comp_level 5;',
    'gzip_min_length 1000;',
    'gzip_types',
    ...TYPES.map((type, i) => `    ${type}${i === TYPES.length - 1 ? ';' : ''}`),
  ];
}
