import { describe } from './describe.js';
import { redacted } from './redact.js';
import {
  isMistakenRedisOption,
  REDIS_OPTION_KINDS,
  redisOptionProblem,
  unknownRedisOption,
  type RedisOptionKind,
} from './redis-options.js';

/** Everything before the last `@` of one URL: a password may contain spaces and quotes. */
const CREDENTIALS = /^.*@/s;

/** The ioredis options of a URL. */
export type RedisUrlOptions = Readonly<Record<string, string | number | boolean | object>>;

/**
 * Describes the mistake in a Redis URL, without its password; `undefined` when there is none.
 *
 * @internal
 */
export function redisUrlProblem(url: string): string | undefined {
  const read = readRedisUrl(url);
  return typeof read === 'string' ? read : undefined;
}

/**
 * Reads a Redis URL: `redis[s]://[user[:password]@]host[:port][/db][?option=value]`.
 *
 * ioredis parses URLs too, but treats an invalid database as 0, ignores invalid options, and throws in a
 * callback for an invalid `%` escape.
 *
 * @returns The options of ioredis, or what is wrong.
 * @internal
 */
export function readRedisUrl(url: string): RedisUrlOptions | string {
  const shown = describe(url.replace(CREDENTIALS, '***@'));
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return `the URL cannot be read; got ${shown}. Write 'redis://host:6379/0', or 'rediss://…' for TLS.`;
  }
  const { protocol } = parsed;
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    return `the URL must begin with redis:// or rediss://; got '${protocol}//…'.`;
  }
  // `new URL` strips these.
  if (/^[\0-\x20]|[\0-\x20]$|[\t\r\n]/.test(url)) {
    return `the URL must not contain blanks or line breaks; got ${shown}.`;
  }
  if (url.includes('#')) return `'#' must be written %23 in a URL; got ${shown}.`;
  if (parsed.search.includes('@')) {
    return `'?' must be written %3F in a password, and '@' %40 in an option; got ${shown}.`;
  }
  if (parsed.hostname === '') return `the URL must name a host; got ${shown}.`;
  const options: Record<string, string | number | boolean | object> = {};
  try {
    options['host'] = decodeURIComponent(parsed.hostname).replace(/^\[|\]$/g, '');
    if (parsed.username !== '' || parsed.password !== '') {
      options['username'] = decodeURIComponent(parsed.username);
      options['password'] = decodeURIComponent(parsed.password);
    }
  } catch {
    return `'%' must be written %25 in the user name and the password of a URL; got ${shown}.`;
  }
  const problem = redisOptionProblem('host', options['host']);
  if (problem !== undefined) return problem;
  if (parsed.port !== '') options['port'] = Number(parsed.port);
  if (protocol === 'rediss:') options['tls'] = {};
  return readQuery(parsed, options) ?? readDatabase(parsed, options) ?? options;
}

function readDatabase(
  { pathname }: URL,
  options: Record<string, string | number | boolean | object>,
): string | undefined {
  if (pathname !== '' && pathname !== '/') options['db'] = pathname.slice(1);
  const { db } = options;
  if (db === undefined) return undefined;
  const problem = redisOptionProblem('db', db);
  if (problem !== undefined) return `the path of the URL, ${problem}`;
  options['db'] = Number(db);
  return undefined;
}

function readQuery(
  { searchParams }: URL,
  options: Record<string, string | number | boolean | object>,
): string | undefined {
  for (const [name, text] of searchParams) {
    const kind = Object.hasOwn(REDIS_OPTION_KINDS, name) ? REDIS_OPTION_KINDS[name] : undefined;
    if (kind === undefined) {
      // Clients in other languages put their own options into the same URL.
      if (isMistakenRedisOption(name)) return unknownRedisOption(name);
      continue;
    }
    if (name === 'keyPrefix') return NO_PREFIX;
    const value = READ[kind]?.(text);
    if (value === undefined)
      return `${name} cannot be set in a URL. Use the option 'redis' for it.`;
    const problem = redisOptionProblem(name, value);
    if (problem !== undefined) return problem;
    options[name] ??= value;
  }
  return undefined;
}

const NO_PREFIX = 'keyPrefix cannot be used: it would not apply to patterns.';

type Read = (text: string) => string | number | boolean;

const asText: Read = (text) => text;
const asNumber: Read = (text) => (/^\d+$/.test(text) ? Number(text) : redacted(text));

const READ: Readonly<Partial<Record<RedisOptionKind, Read>>> = {
  ...{ host: asText, text: asText, secret: asText, db: asText },
  ...{ port: asNumber, number: asNumber, family: asNumber },
  flag: (text) => (text === 'true' || text === 'false' ? text === 'true' : redacted(text)),
};
