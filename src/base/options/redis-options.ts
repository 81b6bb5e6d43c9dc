import { ConfigurationError } from '../errors/errors.js';
import { nearestName } from './nearest-name.js';
import {
  checkValue,
  isAnything,
  isBoolean,
  isOptions,
  isSecret,
  isString,
  unknownOption,
  type Check,
} from './options.js';

/** A whole number or its digits, since values from the environment are strings. */
function isWholeUpTo(max: number): (value: unknown) => boolean {
  return (value) => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    return Number.isInteger(number) && (number as number) >= 0 && (number as number) <= max;
  };
}

/** ioredis takes `null` for an option that is absent. */
const orNull =
  (check: Check): Check =>
  (value, option) =>
    value === null ? undefined : check(value, option);

const unless = (isAllowed: (value: unknown) => boolean, allowed: string): Check =>
  orNull((value) => (isAllowed(value) ? undefined : allowed));

const MAX_DB = 2_147_483_647;
const isPortNumber = isWholeUpTo(65_535);
const isHostName = (value: unknown): boolean =>
  typeof value === 'string' && /^[^\s/@?#]+$/.test(value) && value !== 'undefined';

function isSentinel(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { host, port } = value as { host?: unknown; port?: unknown };
  return (host === undefined || isHostName(host)) && (port === undefined || isPortNumber(port));
}

/** @internal */
export const isHost = unless(isHostName, 'a name or an address; a URL goes into redisUrl');
/** @internal */
export const isPort = unless(isPortNumber, 'a whole number from 0 to 65535');
/** @internal */
export const isDb = unless(isWholeUpTo(MAX_DB), 'the number of a database: a whole number from 0');
/** @internal */
export const isFamily = unless((value) => [0, 4, 6].includes(Number(value)), '0, 4 or 6');
/** @internal */
export const isText = orNull(isString);
/** @internal */
export const isPassword = isSecret(isText);
/** @internal */
export const isNumber = unless(
  (value) => typeof value === 'number' && !Number.isNaN(value),
  'a number',
);
/** @internal */
export const isFlag = orNull(isBoolean);

const isSentinels = unless(
  (value) => Array.isArray(value) && value.length > 0 && value.every(isSentinel),
  'a list of sentinels: [{ host, port }]',
);

/** @internal */
export const isNoPrefix: Check = (value, option) => {
  if (!value) return undefined;
  throw new ConfigurationError(
    `${option} cannot be used: patterns would ignore it. Use a namespace.`,
  );
};

const all = (check: Check, names: string): Record<string, Check> =>
  Object.fromEntries(names.split(' ').map((name) => [name, check]));

/**
 * The options of ioredis 5 and 6. The checks concern those that determine the server, the permissions and the
 * database: given any other object, ioredis connects to localhost:6379.
 *
 * @internal
 */
export const REDIS_OPTIONS: Readonly<Record<string, Check>> = {
  ...{ host: isHost, port: isPort, db: isDb, family: isFamily, sentinels: isSentinels },
  ...{ keyPrefix: isNoPrefix, password: isPassword, sentinelPassword: isPassword },
  ...all(
    isText,
    'path username name role connectionName sentinelUsername clientInfoTag replyMapping',
  ),
  ...all(
    isNumber,
    'sentinelMaxConnections sentinelCommandTimeout connectTimeout disconnectTimeout commandTimeout ' +
      'socketTimeout blockingTimeout blockingTimeoutGrace keepAlive maxRetriesPerRequest ' +
      'maxLoadingRetryTime protocol',
  ),
  ...all(
    isFlag,
    'enableTLSForSentinelMode updateSentinels failoverDetector noDelay disableClientInfo ' +
      'autoResubscribe autoResendUnfulfilledCommands readOnly stringNumbers monitor ' +
      'enableAutoPipelining enableOfflineQueue enableReadyCheck lazyConnect showFriendlyErrorStack ' +
      'dropBufferSupport',
  ),
  ...all(
    isAnything,
    'tls natMap preferredSlaves sentinelTLS sentinelRetryStrategy sentinelReconnectStrategy ' +
      'retryStrategy reconnectOnError autoPipeliningIgnoredCommands offlineQueue commandQueue ' +
      'scripts himportFieldsets Connector lookup hints localAddress localPort autoSelectFamily ' +
      'autoSelectFamilyAttemptTimeout signal',
  ),
};

/** Names of other clients' options, and the matching ones here. */
const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  ...{ database: 'db', hostname: 'host', address: 'host', user: 'username', pass: 'password' },
  ...{ auth: 'password', socket: 'host', prefix: 'namespace', ssl: 'tls', url: 'redisUrl' },
  ...{ ioredis: 'redis', uri: 'redisUrl', connectionString: 'redisUrl' },
};

/**
 * The option `redis` of a cache: options of ioredis, or a client of it. The value may hold a password.
 *
 * @internal
 */
export const isRedisTarget: Check = isSecret((target, option) => {
  if (typeof target !== 'object' || target === null) {
    return 'options for ioredis, or a client of it; a URL goes into redisUrl';
  }
  if (isRedisClient(target)) {
    const { db, keyPrefix } = target.options;
    return isOptions(REDIS_OPTIONS)({ db, keyPrefix }, option);
  }
  const prototype: unknown = Object.getPrototypeOf(target);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return NO_INSTANCE;
  }
  return areOptions(target as Record<string, unknown>, option);
});

const NO_INSTANCE =
  'a plain object of options for ioredis, or a client of it (for a client of node-redis, use ' +
  "@keyv/redis as 'store')";

/** Whether a target is an ioredis client, `Redis` or `Cluster`: by its members, not by its class. */
export function isRedisClient(
  target: object,
): target is { readonly status: string; readonly options: Record<string, unknown> } {
  const { status, call, options } = target as Record<string, unknown>;
  const isOpen = typeof status === 'string' && typeof call === 'function';
  return isOpen && typeof options === 'object' && options !== null;
}

/** Whether an unknown name resembles an option of ioredis or of another client. */
export function isMistakenRedisOption(name: string): boolean {
  const tolerance = Math.min(2, name.length / 2);
  return (
    Object.hasOwn(FOREIGN_NAMES, name) ||
    nearestName(name, Object.keys(REDIS_OPTIONS), tolerance) !== undefined
  );
}

/** @internal */
export function unknownRedisOption(owner: string, name: string): ConfigurationError {
  return unknownOption(owner, '', name, REDIS_OPTIONS, FOREIGN_NAMES);
}

function areOptions(options: Record<string, unknown>, option: string): string | undefined {
  const names = Object.keys(options);
  const unknown = names.filter((name) => !Object.hasOwn(REDIS_OPTIONS, name));
  // A later ioredis may have more options: names that do not resemble a known one are accepted.
  const later =
    unknown.length < names.length ? unknown.filter((name) => !isMistakenRedisOption(name)) : [];
  const checks = Object.fromEntries(later.map((name) => [name, isAnything]));
  isOptions({ ...REDIS_OPTIONS, ...checks }, FOREIGN_NAMES)(options, option);
  const { name, sentinels } = options;
  if (sentinels != null && !name) {
    checkValue(`${option}.name`, name, () => "that of the sentinels' group");
  }
  return undefined;
}
