import type { Settings } from './schema.js';
import { block, type Lines } from './text.js';

/** String fields, without queries, which may contain secrets. */
const TEXTS = {
  time: '$time_iso8601',
  request_id: '$aurora_request_id',
  client: '$remote_addr',
  host: '$host',
  method: '$request_method',
  path: '$uri',
  protocol: '$server_protocol',
  upstream: '$upstream_addr',
  upstream_statuses: '$upstream_status',
  upstream_connect_times: '$upstream_connect_time',
  user_agent: '$http_user_agent',
};

/** Numeric fields, or `null`; times are in seconds. */
const NUMBERS = {
  status: '$aurora_log_status',
  bytes: '$body_bytes_sent',
  duration: '$request_time',
  upstream_status: '$aurora_log_upstream_status',
  upstream_connect_time: '$aurora_log_connect_time',
  upstream_time: '$aurora_log_upstream_time',
  x_response_time: '$aurora_log_service_time',
};

/** One JSON object per line. */
export function logFormat({ accessLog }: Settings): Lines {
  if (accessLog === false) return [];
  const fields = [
    ...Object.entries(TEXTS).map(([name, variable]) => `"${name}":"${variable}"`),
    ...Object.entries(NUMBERS).map(([name, variable]) => `"${name}":${variable}`),
  ];
  const last = fields.length - 1;
  return [
    '# Numbers for the log: if several servers were tried, those of the last one; null for none.',
    '# 000 and 009, for requests that nginx could not parse, would not be valid JSON numbers.',
    block('map $status $aurora_log_status', 'default $status;', '~^0 0;'),
    lastNumber('$upstream_status', '$aurora_log_upstream_status'),
    lastNumber('$upstream_connect_time', '$aurora_log_connect_time'),
    lastNumber('$upstream_response_time', '$aurora_log_upstream_time'),
    block(
      'map $upstream_http_x_response_time $aurora_log_service_time',
      'default null;',
      String.raw`"~^(?<aurora_seconds>(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,9})?)s$" $aurora_seconds;`,
    ),
    '# One JSON object per line, without queries, which may contain secrets.',
    'log_format aurora escape=json',
    fields.map((field, i) => {
      const [before, after] = [i === 0 ? '{' : '', i === last ? '}' : ','];
      return `    '${before}${field}${after}'${i === last ? ';' : ''}`;
    }),
  ];
}

/** The last number of a list: nginx lists the values of all servers that it tried, `-, 0.004`. */
function lastNumber(list: string, name: string): Lines {
  const number = `${name.replace('$', '')}_last`;
  return block(
    `map ${list} ${name}`,
    'default null;',
    String.raw`"~(?:^|[ ,])(?<${number}>(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)$" $${number};`,
  );
}

/** The access log of a server. */
export function logLines({ accessLog }: Settings): Lines {
  return [accessLog === false ? 'access_log off;' : `access_log ${accessLog} aurora;`];
}
