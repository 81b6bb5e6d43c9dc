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
    !isBehind && [
      '# Who comes through a balancer that nobody has named could be anybody.',
      block('map $http_x_forwarded_for$http_forwarded $aurora_is_forwarded', "'' 0;", 'default 1;'),
    ],
    isBehind && [
      '# Only the balancers in front are believed who a client is, and how he came.',
      block(
        'geo $realip_remote_addr $aurora_is_trusted',
        'default 0;',
        ...trustedProxies.map((network) => `${network} 1;`),
      ),
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
