import { clientLines, forwardingLines } from './client.js';
import { headerLines } from './headers.js';
import { locationBlocks, timeoutLines } from './locations.js';
import { logLines } from './logging.js';
import type { Settings, Tls } from './schema.js';
import { block, paragraphs, type Lines } from './text.js';

const TYPES =
  'application/javascript application/json application/manifest+json application/xml ' +
  'image/svg+xml text/css text/javascript text/plain text/xml';

/** The servers: one, or two where requests in the clear are sent on to the encrypted port. */
export function serverBlocks(settings: Settings): Lines {
  const { tls } = settings;
  if (tls === undefined) return block('server', mainServer(settings, listens(settings, false)));
  if (!tls.redirect) {
    const both = [...listens(settings, false), ...listens(settings, true)];
    return block('server', mainServer(settings, both));
  }
  return paragraphs(
    redirectServer(settings, tls),
    block('server', mainServer(settings, listens(settings, true))),
  );
}

function listens({ port, ipv6, tls }: Settings, isTls: boolean): string[] {
  const at = String(isTls ? tls?.port : port);
  // The form that nginx before 1.25 takes as well.
  const words = isTls ? ` ssl${tls?.http2 === true ? ' http2' : ''}` : '';
  return [`listen ${at}${words};`, ...(ipv6 ? [`listen [::]:${at}${words};`] : [])];
}

function redirectServer(settings: Settings, { port }: Tls): Lines {
  const to = port === 443 ? '' : `:${String(port)}`;
  return block(
    'server',
    ...listens(settings, false),
    nameLine(settings),
    'server_tokens off;',
    ...logLines(settings),
    '# With its method and its body.',
    `return 308 https://$host${to}$request_uri;`,
  );
}

const nameLine = ({ serverNames }: Settings): string => `server_name ${serverNames.join(' ')};`;

function mainServer(settings: Settings, listening: readonly string[]): Lines {
  const { tls, maxBodySize, timeouts, gzip, rateLimit } = settings;
  return paragraphs(
    [...listening, nameLine(settings), 'server_tokens off;', ...logLines(settings)],
    tls !== undefined && tlsLines(tls),
    clientLines(settings),
    [`client_max_body_size ${maxBodySize};`, rateLimit !== undefined && 'limit_req_status 429;'],
    gzip && gzipLines(),
    [
      '# What the services set themselves stays as it is.',
      ...headerLines(settings),
      'add_header X-Request-ID $aurora_request_id always;',
      'proxy_hide_header X-Request-ID;',
    ],
    [
      'proxy_http_version 1.1;',
      ...forwardingLines(settings, false),
      ...timeoutLines(timeouts),
      '# Another server is tried when one fails; but never with what may have been carried out, a POST',
      '# that was sent, since non_idempotent is not among these.',
      'proxy_next_upstream error timeout http_502 http_503 http_504;',
      'proxy_next_upstream_tries 3;',
      'proxy_next_upstream_timeout 30s;',
    ],
    block('if ($aurora_is_ambiguous)', 'return 400;'),
    ...locationBlocks(settings),
  );
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
    `gzip_types ${TYPES};`,
  ];
}
