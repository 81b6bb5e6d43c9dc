import { clientLines, forwardingLines } from './client.js';
import { headerLines } from './headers.js';
import { acmeBlocks, healthBlock, locationBlocks, timeoutLines } from './locations.js';
import { logLines } from './logging.js';
import type { Settings, Tls } from './schema.js';
import { block, includeLines, paragraphs, type Lines } from './text.js';
import { has } from './versions.js';

/** Texts, and formats that compress like them; many fonts and images are compressed already. */
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
 * The servers: the main one; before it, one that sends requests in the clear to the encrypted port;
 * and before that, those for every name that is not configured.
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

/** Whether the server has names of its own. */
export const isNamed = ({ serverNames }: Settings): boolean => !serverNames.includes('_');

function listens(settings: Settings, isTls: boolean, isDefault = false): string[] {
  const { port, ipv6, tls } = settings;
  const at = String(isTls ? tls?.port : port);
  const isHttp2Here = tls?.http2 === true && !has(settings, 'http2Directive');
  const protocol = isTls ? ` ssl${isHttp2Here ? ' http2' : ''}` : '';
  const words = protocol + (isDefault ? ' default_server' : '');
  return [`listen ${at}${words};`, ...(ipv6 ? [`listen [::]:${at}${words};`] : [])];
}

/** First on their ports, so that requests with another name do not reach the servers behind. */
function otherNames(settings: Settings): (Lines | false)[] {
  const { context, tls } = settings;
  // Another file of the http block may have a default server already.
  const isDefault = context === 'main';
  const lines = ['server_tokens off;', ...logLines(settings)];
  const health = healthBlock(settings);
  return [
    [
      '# No answer to requests for other names than serverNames, but to health checks by address.',
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
        // Without it, strangers read the names in the certificate.
        ...(has(settings, 'rejectHandshake') ? ['ssl_reject_handshake on;'] : tlsLines(tls)),
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
    '# With its method and its body.',
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
      '# Redirects by nginx stay on the scheme, name and port that the client used.',
      'absolute_redirect off;',
      ...logLines(settings),
    ],
    tls !== undefined && [
      tls.http2 && has(settings, 'http2Directive') && 'http2 on;',
      ...tlsLines(tls),
    ],
    clientLines(settings),
    [
      `client_max_body_size ${maxBodySize};`,
      '# As much as Node takes by default: 16 kB of headers in all.',
      'large_client_header_buffers 4 16k;',
      rateLimit !== undefined && 'limit_req_status 429;',
    ],
    gzip && gzipLines(),
    [
      '# Headers that the services set stay as they are.',
      ...headerLines(settings),
      'add_header X-Request-ID $aurora_request_id always;',
      'proxy_hide_header X-Request-ID;',
    ],
    [
      ...proxyLines(settings),
      '# The headers of an answer fit into the first buffer, or the client gets 502.',
      'proxy_buffer_size 16k;',
      'proxy_buffers 8 16k;',
      '# Another server is tried when one fails; but never with what may have been carried out, a POST',
      '# that was sent, since non_idempotent is not among these.',
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
