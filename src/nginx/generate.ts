import { clientMaps } from './client.js';
import { headerMaps } from './headers.js';
import { locationsOf } from './locations.js';
import { logFormat } from './logging.js';
import type { NginxOptions } from './options.js';
import { restrictionMap } from './restrictions.js';
import type { Settings } from './schema.js';
import { isNamed, serverBlocks } from './server.js';
import { readSettings } from './settings.js';
import { block, includeLines, paragraphs, textOf, timeOf, type Lines } from './text.js';
import { upstreamBlock } from './upstreams.js';

/**
 * The text of an nginx configuration that shares the load between the instances of a service: it
 * needs nginx 1.18 or later, with nothing but the modules that Debian's and nginx's own packages
 * have. The same options give the same bytes.
 *
 * A server that fails is left alone for `failTimeout` and tried again; nginx without a subscription
 * checks servers by their requests alone.
 *
 * @param options - Plain data, as out of a JSON file. Without: `aurora_backend` (least_conn, ports
 *   5001 and, as backup, 5002), `aurora_frontend` (5173) and `aurora_chat` (ip_hash, 8080).
 * @throws ConfigurationError for options that there are not, or whose values nginx would refuse or
 *   could take for more than a value; the message has all of them, with their paths.
 * @example
 * ```ts
 * const config = generateNginxConfig({
 *   upstreams: [{ name: 'api', strategy: 'least_conn', servers: ['10.0.0.1:5001', '10.0.0.2:5001'] }],
 * });
 * ```
 */
export function generateNginxConfig(options: NginxOptions = {}): string {
  const settings = readSettings(options);
  const http = httpContent(settings);
  const head = [...HEAD, `# For nginx ${settings.nginxVersion.join('.')} and later.`];
  if (settings.context === 'http') return textOf(paragraphs(head, http));
  return textOf(
    paragraphs(
      head,
      [
        'worker_processes auto;',
        // A request that is passed on takes two.
        `worker_rlimit_nofile ${String(2 * settings.workerConnections)};`,
        settings.pidFile !== undefined && `pid ${settings.pidFile};`,
        '# After a reload, open WebSockets would keep the old workers.',
        `worker_shutdown_timeout ${timeOf(settings.shutdownTimeout)};`,
        `error_log ${settings.errorLog} warn;`,
      ],
      block('events', `worker_connections ${String(settings.workerConnections)};`),
      block('http', http),
    ),
  );
}

const HEAD: Lines = [
  '# Made by aurora-cache: npx aurora-cache nginx --config <file> --out <file>',
  '# Changes belong into the options; those that are made here are lost with the next run.',
];

function httpContent(settings: Settings): Lines {
  const { upstreams, rateLimit, context, errorLog } = settings;
  return paragraphs(
    logFormat(settings),
    context === 'http' && [`error_log ${errorLog} warn;`],
    // For names of 253 characters. Another file of the http block may set it already, but once.
    context === 'main' && isNamed(settings) && ['server_names_hash_bucket_size 512;'],
    clientMaps(settings),
    restrictionMap(locationsOf(settings)),
    ['# Headers of answers, unless the services set them.', headerMaps(settings)],
    rateLimit !== undefined && [
      '# Clients by address; those that ask too much are answered with 429.',
      `limit_req_zone $binary_remote_addr zone=aurora_clients:10m rate=${String(rateLimit.requestsPerSecond)}r/s;`,
    ],
    [
      '# A server that fails max_fails times within fail_timeout is left alone for as long, then tried',
      '# again. nginx learns of failures from requests alone; health checks of its own are not in the',
      '# free version.',
    ],
    includeLines(settings.include.http),
    ...upstreams.map((upstream) => upstreamBlock(upstream, settings)),
    serverBlocks(settings),
  );
}
