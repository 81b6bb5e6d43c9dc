import type { Settings } from './schema.js';
import { block, type Lines } from './text.js';

/** What is known of a client and his request, as variables. */
export function clientMaps({ trustedProxies }: Settings): Lines {
  const isBehind = trustedProxies.length > 0;
  return [
    '# With its port, which $host lacks; the services compare it with the Origin of pages.',
    block('map $http_host $aurora_host', "'' $host;", 'default $http_host;'),
    '# An id that comes along is kept if it looks like one.',
    block(
      'map $http_x_request_id $aurora_request_id',
      'default $request_id;',
      '"~^[A-Za-z0-9._-]{1,128}$" $http_x_request_id;',
    ),
    '# Nothing but a WebSocket may take over a connection.',
    block('map $http_upgrade $aurora_upgrade', "default '';", '~*^websocket$ websocket;'),
    block('map $aurora_upgrade $aurora_connection', "default '';", 'websocket upgrade;'),
    '# Paths that nginx and a service may read differently: past a restriction, that is.',
    block(
      'map $request_uri $aurora_is_ambiguous',
      'default 0;',
      String.raw`"~^[^?]*\\\\" 1;`,
      String.raw`"~*^[^?]*(?:/|%2f)(?:\.|%2e)(?:\.|%2e)(?:[/?]|%2f|$)" 1;`,
    ),
    isBehind
      ? knownBehind(trustedProxies)
      : [
          '# Only a proxy sends these, and none is in trustedProxies: the client could be any.',
          block(`map "${FORWARDED}" $aurora_is_unknown`, "'' 0;", 'default 1;'),
        ],
    isBehind && [
      block(
        'map $aurora_is_trusted:$http_x_forwarded_proto $aurora_scheme',
        'default $scheme;',
        '1:http http;',
        '1:https https;',
      ),
      block(
        'map $aurora_is_trusted:$http_x_forwarded_for $aurora_forwarded_for',
        'default $remote_addr;',
        '"~^1:(?<aurora_chain>.+)$" "$aurora_chain, $realip_remote_addr";',
      ),
    ],
  ];
}

/** Headers by which proxies name the client, or themselves. */
const FORWARDED = [
  ...['x_forwarded_for', 'forwarded', 'x_real_ip', 'x_client_ip', 'x_cluster_client_ip'],
  ...['true_client_ip', 'cf_connecting_ip', 'fastly_client_ip', 'via'],
]
  .map((name) => `$http_${name}`)
  .join('');

/**
 * Whether a restriction can rely on `$remote_addr`. nginx leaves the address of a proxy there when
 * it finds no address in `X-Forwarded-For`, or meets one that it does not understand (`unknown`,
 * IPv6 in brackets).
 */
function knownBehind(trustedProxies: readonly string[]): Lines {
  const trusted = ['default 0;', ...trustedProxies.map((network) => `${network} 1;`)];
  const address = String.raw`(?:[0-9A-Fa-f.:]+|\[[0-9A-Fa-f.:]+\]:[0-9]+)`;
  const client = String.raw`(?<aurora_client>\S+)`;
  const first = String.raw`(?:\k<aurora_client>(?::[0-9]+)?|\[\k<aurora_client>\]:[0-9]+)`;
  return [
    '# Only the balancers in front are trusted to name the client, and its scheme.',
    block('geo $realip_remote_addr $aurora_is_trusted', ...trusted),
    block('geo $aurora_is_proxy', ...trusted),
    block(`map "${FORWARDED}" $aurora_is_forwarded`, "'' 0;", 'default 1;'),
    '# Whose address is not known could be any client: a balancer sent none that nginx understands,',
    '# or is not in trustedProxies. A client inside those networks is the first of the addresses.',
    block(
      'map "$aurora_is_trusted$aurora_is_proxy$aurora_is_forwarded $remote_addr $http_x_forwarded_for" $aurora_is_unknown',
      'default 1;',
      '"~^0[01]0 " 0;',
      '"~^10" 0;',
      `"~^11[01] ${client} ${first}(?:[ ,]+${address})*$" 0;`,
    ),
  ];
}

/** Who the client is, where others stand in front. */
export function clientLines({ trustedProxies }: Settings): Lines {
  if (trustedProxies.length === 0) return [];
  return [
    ...trustedProxies.map((network) => `set_real_ip_from ${network};`),
    'real_ip_header X-Forwarded-For;',
    'real_ip_recursive on;',
  ];
}

/** What a service is told of a request. */
export function forwardingLines({ trustedProxies }: Settings, isWebSocket: boolean): Lines {
  const isBehind = trustedProxies.length > 0;
  return [
    'proxy_set_header Host $aurora_host;',
    'proxy_set_header X-Forwarded-Host $aurora_host;',
    'proxy_set_header X-Real-IP $remote_addr;',
    `proxy_set_header X-Forwarded-For ${isBehind ? '$aurora_forwarded_for' : '$remote_addr'};`,
    `proxy_set_header X-Forwarded-Proto ${isBehind ? '$aurora_scheme' : '$scheme'};`,
    'proxy_set_header X-Request-ID $aurora_request_id;',
    `proxy_set_header Upgrade ${isWebSocket ? '$aurora_upgrade' : "''"};`,
    `proxy_set_header Connection ${isWebSocket ? '$aurora_connection' : "''"};`,
  ];
}
