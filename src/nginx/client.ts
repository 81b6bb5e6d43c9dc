import type { Settings } from './schema.js';
import { block, type Lines } from './text.js';

/** Variables that describe the client and its request. */
export function clientMaps({ trustedProxies }: Settings): Lines {
  const isBehindProxy = trustedProxies.length > 0;
  return [
    '# With the port, which $host lacks; services compare it with the Origin of pages. The host of an',
    '# absolute request line takes precedence over the header, as it does for server_name.',
    block('map $http_host $aurora_host_header', "'' $host;", 'default $http_host;'),
    block(
      'map $request $aurora_host',
      'default $aurora_host_header;',
      String.raw`"~*^\S+ [a-z0-9+.-]+://(?<aurora_authority>[^/?#\s]+)" $aurora_authority;`,
    ),
    '# A request id of the client is kept if it is well-formed.',
    block(
      'map $http_x_request_id $aurora_request_id',
      'default $request_id;',
      '"~^[A-Za-z0-9._-]{1,128}$" $http_x_request_id;',
    ),
    '# Only WebSockets may upgrade a connection, and only on routes that allow it.',
    block(
      'map $aurora_takes_upgrade:$http_upgrade $aurora_upgrade',
      "default '';",
      '~*^1:websocket$ websocket;',
    ),
    block('map $aurora_upgrade $aurora_connection', "default '';", 'websocket upgrade;'),
    '# Paths that nginx and a service may interpret differently, which could bypass a restriction.',
    block(
      'map $request_uri $aurora_is_ambiguous',
      'default 0;',
      String.raw`"~^[^?]*\\\\" 1;`,
      String.raw`"~*^[^?]*(?:/|%2f)(?:\.|%2e)(?:\.|%2e)(?:[/?]|%2f|$)" 1;`,
    ),
    isBehindProxy
      ? clientIdentityMaps(trustedProxies)
      : [
          '# Only proxies send these headers, and none is in trustedProxies: the client is unknown.',
          block(`map "${FORWARDED}" $aurora_is_unknown`, "'' 0;", 'default 1;'),
        ],
    isBehindProxy && [
      block(
        'map $aurora_is_trusted:$http_x_forwarded_proto $aurora_scheme',
        'default $scheme;',
        '1:http http;',
        '1:https https;',
      ),
      block(
        'map $aurora_is_trusted:$http_x_forwarded_port $aurora_port',
        "default '';",
        '"~^1:(?<aurora_digits>[0-9]{1,5})$" $aurora_digits;',
      ),
      block(
        'map $aurora_is_trusted:$http_x_forwarded_for $aurora_forwarded_for',
        'default $remote_addr;',
        '"~^1:(?<aurora_chain>.+)$" "$aurora_chain, $realip_remote_addr";',
      ),
    ],
  ];
}

/** Headers in which proxies pass the client's address. */
const CLIENT_HEADERS = [
  ...['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'Forwarded-For', 'X-Forwarded', 'Client-IP'],
  ...['X-Client-IP', 'X-Cluster-Client-IP', 'X-Remote-IP', 'X-Original-Forwarded-For'],
  ...['True-Client-IP', 'CF-Connecting-IP', 'CF-Connecting-IPv6', 'Fastly-Client-IP'],
];

/** Headers in which proxies describe the original request, and which frameworks read. */
const ORIGINAL_HEADERS = [
  ...['X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Forwarded-Path', 'X-Forwarded-Uri'],
  ...['X-Forwarded-Server', 'X-Forwarded-Scheme', 'X-Forwarded-Protocol', 'X-Forwarded-Ssl'],
  ...['X-Original-URL', 'X-Original-URI', 'X-Original-Host', 'X-Rewrite-URL', 'X-Host'],
  ...['X-Scheme', 'X-Url-Scheme', 'Front-End-Https', 'Proxy'],
];

const FORWARDED = [...CLIENT_HEADERS, 'Via']
  .map((name) => `$http_${name.toLowerCase().replaceAll('-', '_')}`)
  .join('');

/**
 * Whether a restriction can rely on `$remote_addr`. nginx leaves the address of a proxy there if
 * `X-Forwarded-For` has no address, or one that it does not understand (`unknown`, IPv6 in brackets).
 */
function clientIdentityMaps(trustedProxies: readonly string[]): Lines {
  const trusted = ['default 0;', ...trustedProxies.map((network) => `${network} 1;`)];
  const address = String.raw`(?:[0-9A-Fa-f.:]+|\[[0-9A-Fa-f.:]+\]:[0-9]+)`;
  const client = String.raw`(?<aurora_client>\S+)`;
  const first = String.raw`(?:\k<aurora_client>(?::[0-9]+)?|\[\k<aurora_client>\]:[0-9]+)`;
  return [
    '# Only the balancers in front may name the client and its scheme.',
    block('geo $realip_remote_addr $aurora_is_trusted', ...trusted),
    block('geo $aurora_is_proxy', ...trusted),
    block(`map "${FORWARDED}" $aurora_is_forwarded`, "'' 0;", 'default 1;'),
    '# The client is unknown if its balancer sent no address that nginx understands, or is not in',
    '# trustedProxies. A client inside those networks is the first of the addresses.',
    block(
      'map "$aurora_is_trusted$aurora_is_proxy$aurora_is_forwarded $remote_addr $http_x_forwarded_for" $aurora_is_unknown',
      'default 1;',
      '"~^0[01]0 " 0;',
      '"~^10" 0;',
      `"~^11[01] ${client} ${first}(?:[ ,]+${address})*$" 0;`,
    ),
  ];
}

/** Reads the client's address from the header of the balancers in front. */
export function clientLines({ trustedProxies }: Settings): Lines {
  if (trustedProxies.length === 0) return [];
  return [
    ...trustedProxies.map((network) => `set_real_ip_from ${network};`),
    'real_ip_header X-Forwarded-For;',
    'real_ip_recursive on;',
  ];
}

/** The headers for the service, in addition to those of the client. */
export function forwardingLines({ trustedProxies }: Settings): Lines {
  const isBehindProxy = trustedProxies.length > 0;
  const headers = {
    Host: '$aurora_host',
    'X-Forwarded-Host': '$aurora_host',
    'X-Real-IP': '$remote_addr',
    'X-Forwarded-For': isBehindProxy ? '$aurora_forwarded_for' : '$remote_addr',
    'X-Forwarded-Proto': isBehindProxy ? '$aurora_scheme' : '$scheme',
    ...(isBehindProxy && { 'X-Forwarded-Port': '$aurora_port' }),
    'X-Request-ID': '$aurora_request_id',
    Upgrade: '$aurora_upgrade',
    Connection: '$aurora_connection',
  };
  const dropped = [...CLIENT_HEADERS, ...ORIGINAL_HEADERS].filter((name) => !(name in headers));
  return [
    'set $aurora_takes_upgrade 0;',
    ...Object.entries(headers).map(([name, value]) => `proxy_set_header ${name} ${value};`),
    '# Headers with which a client could forge its identity or its request.',
    ...dropped.map((name) => `proxy_set_header ${name} '';`),
  ];
}
