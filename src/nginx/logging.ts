import type { Settings } from './schema.js';
import type { Lines } from './text.js';

/** Without queries, which may hold secrets; times in seconds. */
const FIELDS: readonly (readonly [name: string, variable: string])[] = [
  ['time', '$time_iso8601'],
  ['request_id', '$aurora_request_id'],
  ['client', '$remote_addr'],
  ['host', '$host'],
  ['method', '$request_method'],
  ['path', '$uri'],
  ['protocol', '$server_protocol'],
  ['status', '$status'],
  ['bytes', '$body_bytes_sent'],
  ['duration', '$request_time'],
  ['upstream', '$upstream_addr'],
  ['upstream_status', '$upstream_status'],
  ['upstream_connect_time', '$upstream_connect_time'],
  ['upstream_time', '$upstream_response_time'],
  ['x_response_time', '$upstream_http_x_response_time'],
  ['user_agent', '$http_user_agent'],
];

/** One JSON object a line. */
export function logFormat({ accessLog }: Settings): Lines {
  if (accessLog === false) return [];
  const last = FIELDS.length - 1;
  return [
    '# One JSON object a line, without queries, which may hold secrets. Where a request was passed on',
    '# to several servers, the fields of upstream name them all.',
    'log_format aurora escape=json',
    FIELDS.map(([name, variable], i) => {
      const [before, after] = [i === 0 ? '{' : '', i === last ? '}' : ','];
      return `    '${before}"${name}":"${variable}"${after}'${i === last ? ';' : ''}`;
    }),
  ];
}

/** Where a server's requests are logged. */
export function logLines({ accessLog }: Settings): Lines {
  return [accessLog === false ? 'access_log off;' : `access_log ${accessLog} aurora;`];
}
