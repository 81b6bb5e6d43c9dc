import { describe } from '../errors/describe.js';
import { ConfigurationError } from '../errors/errors.js';
import { checkValue, type Check } from './options.js';
import {
  isDb,
  isFamily,
  isFlag,
  isHost,
  isMistakenRedisOption,
  isNoPrefix,
  isNumber,
  isPassword,
  isPort,
  isText,
  REDIS_OPTIONS,
  unknownRedisOption,
} from './redis-options.js';

/** Everything before the last `@` of one URL: a password may contain spaces and quotes. */
const CREDENTIALS = /^.*@/s;

/** The ioredis options of a URL. */
export type RedisUrlOptions = Readonly<Record<string, string | number | boolean | object>>;

type ReadOptions = Record<string, string | number | boolean | object>;

/**
 * Reads a Redis URL: `redis[s]://[user[:password]@]host[:port][/db][?option=value]`.
 *
 * ioredis parses URLs too, but treats an invalid database as 0, ignores invalid options, and throws in a
 * callback for an invalid `%` escape.
 *
 * @param owner - Whose URL it is, for the message: `CacheManager: redisUrl`.
 * @returns The options of ioredis.
 * @throws ConfigurationError that says what is wrong, without the password.
 * @internal
 */
export function readRedisUrl(url: unknown, owner: string): RedisUrlOptions {
  const refuse = (problem: string): never => {
    throw new ConfigurationError(`${owner}: ${problem}`);
  };
  if (typeof url !== 'string') return refuse('must be a URL: redis://host:6379/0.');
  // Without the query: a raw '#' or blank may be part of a password there.
  const shown = describe(url.replace(CREDENTIALS, '***@').replace(/\?.*/s, '?…'));
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return refuse(
      `the URL cannot be read; got ${shown}. Write 'redis://host:6379/0', or 'rediss://…' for TLS.`,
    );
  }
  const { protocol } = parsed;
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    return refuse(`the URL must begin with redis:// or rediss://; got '${protocol}//…'.`);
  }
  const problem = problemOf(url, parsed);
  if (problem !== undefined) return refuse(`${problem}; got ${shown}.`);
  const options: ReadOptions = {};
  try {
    options['host'] = decodeURIComponent(parsed.hostname).replace(/^\[|\]$/g, '');
    if (parsed.username !== '' || parsed.password !== '') {
      options['username'] = decodeURIComponent(parsed.username);
      options['password'] = decodeURIComponent(parsed.password);
    }
  } catch {
    return refuse(`'%' must be written %25 in a user name or password; got ${shown}.`);
  }
  checkValue(`${owner}: host`, options['host'], isHost);
  if (parsed.port !== '') options['port'] = Number(parsed.port);
  if (protocol === 'rediss:') options['tls'] = {};
  readQuery(parsed, options, owner);
  readDatabase(parsed, options, owner);
  return options;
}

function problemOf(url: string, { hostname, search }: URL): string | undefined {
  // `new URL` strips these.
  if (/^[\0-\x20]|[\0-\x20]$|[\t\r\n]/.test(url)) {
    return 'the URL must not contain blanks or line breaks';
  }
  if (url.includes('#')) return "'#' must be written %23 in a URL";
  if (search.includes('@')) {
    return "'?' must be written %3F in a password, and '@' %40 in an option";
  }
  return hostname === '' ? 'the URL must name a host' : undefined;
}

function readDatabase({ pathname }: URL, options: ReadOptions, owner: string): void {
  if (pathname !== '' && pathname !== '/') options['db'] = pathname.slice(1);
  const { db } = options;
  if (db === undefined) return;
  checkValue(`${owner}: the path of the URL, db`, db, isDb);
  options['db'] = Number(db);
}

function readQuery({ searchParams }: URL, options: ReadOptions, owner: string): void {
  for (const [name, text] of searchParams) {
    const check = Object.hasOwn(REDIS_OPTIONS, name) ? REDIS_OPTIONS[name] : undefined;
    if (check === undefined) {
      // Clients in other languages put their own options into the same URL.
      if (isMistakenRedisOption(name)) throw unknownRedisOption(owner, name);
      continue;
    }
    const option = `${owner}: ${name}`;
    const value = READ.get(check)?.(text);
    if (value === undefined) {
      throw new ConfigurationError(
        `${option} cannot be set in a URL. Use the option 'redis' for it.`,
      );
    }
    checkValue(option, value, check);
    options[name] ??= value;
  }
}

type Read = (text: string) => string | number | boolean;

const asText: Read = (text) => text;
const asNumber: Read = (text) => (/^\d+$/.test(text) ? Number(text) : text);
const asFlag: Read = (text) => (text === 'true' || text === 'false' ? text === 'true' : text);

const READ: ReadonlyMap<Check, Read> = new Map([
  ...[isHost, isText, isPassword, isDb, isNoPrefix].map((check) => [check, asText] as const),
  ...[isPort, isNumber, isFamily].map((check) => [check, asNumber] as const),
  [isFlag, asFlag],
]);
