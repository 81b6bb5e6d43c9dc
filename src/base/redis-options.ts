import { describe } from './describe.js';
import { nearestName } from './nearest-name.js';
import { redacted } from './redact.js';

/** Allowed values of one of ioredis's options. */
export type RedisOptionKind =
  'host' | 'port' | 'db' | 'family' | 'sentinels' | 'text' | 'secret' | 'number' | 'flag' | 'any';

/**
 * The options of ioredis 5 and 6. The checks concern those that determine the server, the permissions and the
 * database: given any other object, ioredis connects to localhost:6379.
 *
 * @internal
 */
export const REDIS_OPTION_KINDS: Readonly<Record<string, RedisOptionKind>> = {
  ...{ host: 'host', port: 'port', db: 'db', family: 'family', path: 'text', tls: 'any' },
  ...{ username: 'text', password: 'secret', keyPrefix: 'any', connectionName: 'text' },
  ...{ sentinels: 'sentinels', name: 'text', role: 'text', natMap: 'any', preferredSlaves: 'any' },
  ...{ sentinelUsername: 'text', sentinelPassword: 'secret', sentinelTLS: 'any' },
  ...{ enableTLSForSentinelMode: 'flag', updateSentinels: 'flag', failoverDetector: 'flag' },
  ...{ sentinelMaxConnections: 'number', sentinelCommandTimeout: 'number' },
  ...{ sentinelRetryStrategy: 'any', sentinelReconnectStrategy: 'any' },
  ...{ connectTimeout: 'number', disconnectTimeout: 'number', commandTimeout: 'number' },
  ...{ socketTimeout: 'number', blockingTimeout: 'number', blockingTimeoutGrace: 'number' },
  ...{ keepAlive: 'number', noDelay: 'flag', retryStrategy: 'any', reconnectOnError: 'any' },
  ...{ maxRetriesPerRequest: 'number', maxLoadingRetryTime: 'number', protocol: 'number' },
  ...{ disableClientInfo: 'flag', clientInfoTag: 'text', autoResubscribe: 'flag' },
  ...{ autoResendUnfulfilledCommands: 'flag', readOnly: 'flag', stringNumbers: 'flag' },
  ...{ monitor: 'flag', enableAutoPipelining: 'flag', autoPipeliningIgnoredCommands: 'any' },
  ...{ offlineQueue: 'any', commandQueue: 'any', enableOfflineQueue: 'flag' },
  ...{ enableReadyCheck: 'flag', lazyConnect: 'flag', scripts: 'any', himportFieldsets: 'any' },
  ...{ replyMapping: 'text', showFriendlyErrorStack: 'flag', dropBufferSupport: 'flag' },
  ...{ Connector: 'any', lookup: 'any', hints: 'any', localAddress: 'any', localPort: 'any' },
  ...{ autoSelectFamily: 'any', autoSelectFamilyAttemptTimeout: 'any', signal: 'any' },
};

/** Names of other clients' options, and the matching ones here. */
const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  ...{ database: 'db', hostname: 'host', address: 'host', user: 'username', pass: 'password' },
  ...{ auth: 'password', socket: 'host', prefix: 'namespace', ssl: 'tls', ioredis: 'redis' },
  ...{ url: 'redisUrl', uri: 'redisUrl', connectionString: 'redisUrl' },
};

const HIGHEST_DB = 2_147_483_647;

/**
 * Describes the mistake in the `redis` option: a text that begins with the option's name. `undefined` for
 * options of ioredis, and for a client of it.
 *
 * @param owner - The option, for the message.
 * @internal
 */
export function redisTargetProblem(target: unknown, owner: string): string | undefined {
  if (typeof target !== 'object' || target === null) {
    return `${owner} must be options for ioredis, or a client of it. A URL goes into redisUrl.`;
  }
  if (isRedisClient(target)) {
    return optionsProblem(target.options, owner, false);
  }
  const prototype: unknown = Object.getPrototypeOf(target);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return (
      `${owner} must be a plain object of options for ioredis, or a client of it; got ` +
      `${nameOf(prototype)}. A client of node-redis can be used by @keyv/redis, as 'store'.`
    );
  }
  return optionsProblem(target as Record<string, unknown>, owner, true);
}

/** Whether a target is an ioredis client, `Redis` or `Cluster`: by its members, not by its class. */
export function isRedisClient(
  target: object,
): target is { readonly status: string; readonly options: Record<string, unknown> } {
  const { status, call, options } = target as Record<string, unknown>;
  const isOpen = typeof status === 'string' && typeof call === 'function';
  return isOpen && typeof options === 'object' && options !== null;
}

/** Describes the mistake in one of the options; `undefined` if it is valid. */
export function redisOptionProblem(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const kind = REDIS_OPTION_KINDS[name] ?? 'any';
  const allowed = CHECKS[kind](value);
  if (allowed === undefined) return undefined;
  if (kind === 'secret') return `${name} must be ${allowed}.`;
  const got = describe(typeof value === 'string' ? redacted(value) : value);
  return `${name} must be ${allowed}; got ${got}.`;
}

/** Whether an unknown name resembles an option of ioredis or of another client. */
export function isMistakenRedisOption(name: string): boolean {
  return Object.hasOwn(FOREIGN_NAMES, name) || nearest(name) !== undefined;
}

/** Why there is no such option. */
export function unknownRedisOption(name: string): string {
  const meant = Object.hasOwn(FOREIGN_NAMES, name) ? FOREIGN_NAMES[name] : nearest(name);
  const suggestion = meant === undefined ? '' : ` Did you mean '${meant}'?`;
  return `ioredis has no option '${describe(redacted(name)).slice(1, -1)}'.${suggestion}`;
}

function optionsProblem(
  options: Record<string, unknown>,
  owner: string,
  areOurs: boolean,
): string | undefined {
  if (options['keyPrefix']) {
    return (
      `${owner}: keyPrefix cannot be used: it would not apply to patterns. Give the cache a ` +
      'namespace instead.'
    );
  }
  if (!areOurs) {
    const problem = redisOptionProblem('db', options['db']);
    return problem && `${owner}: ${problem}`;
  }
  const names = Object.keys(options);
  const unknown = names.filter((name) => !Object.hasOwn(REDIS_OPTION_KINDS, name));
  // A later ioredis may have more options: names that do not resemble a known one are accepted.
  const mistake =
    unknown.length === names.length ? unknown[0] : unknown.find(isMistakenRedisOption);
  if (mistake !== undefined) return `${owner}: ${unknownRedisOption(mistake)}`;
  for (const name of names) {
    const problem = redisOptionProblem(name, options[name]);
    if (problem !== undefined) return `${owner}: ${problem}`;
  }
  if (options['sentinels'] != null && !options['name']) {
    return `${owner}: name must be that of the primary among the sentinels'; got none.`;
  }
  return undefined;
}

function nearest(name: string): string | undefined {
  return nearestName(name, Object.keys(REDIS_OPTION_KINDS), Math.min(2, name.length / 2));
}

function nameOf(prototype: unknown): string {
  const { constructor } = prototype as { constructor?: unknown };
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name === '' ? 'an instance of a class' : `an instance of ${name}`;
}

type Allowed = (value: unknown) => string | undefined;

/** A whole number or its digits, since values from the environment are strings. */
function isWholeUpTo(most: number): (value: unknown) => boolean {
  return (value) => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    return Number.isInteger(number) && (number as number) >= 0 && (number as number) <= most;
  };
}

function unless(isAllowed: (value: unknown) => boolean, allowed: string): Allowed {
  return (value) => (isAllowed(value) ? undefined : allowed);
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isHost = (value: unknown): boolean =>
  typeof value === 'string' && /^[^\s/@?#]+$/.test(value) && value !== 'undefined';

const CHECKS: Readonly<Record<RedisOptionKind, Allowed>> = {
  host: unless(isHost, 'a name or an address; a URL goes into redisUrl'),
  port: unless(isWholeUpTo(65_535), 'a whole number from 0 to 65535'),
  db: unless(isWholeUpTo(HIGHEST_DB), 'the number of a database: a whole number from 0'),
  family: unless((value) => [0, 4, 6].includes(Number(value)), '0, 4 or 6'),
  sentinels: unless(
    (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((one) => {
        if (typeof one !== 'object' || one === null) return false;
        const { host, port } = one as { host?: unknown; port?: unknown };
        return (
          (host === undefined || isHost(host)) && (port === undefined || isWholeUpTo(65_535)(port))
        );
      }),
    'a list of sentinels: [{ host, port }]',
  ),
  text: unless(isText, 'a string'),
  secret: unless(isText, 'a string'),
  number: unless((value) => typeof value === 'number' && !Number.isNaN(value), 'a number'),
  flag: unless((value) => typeof value === 'boolean', 'true or false'),
  any: () => undefined,
};
